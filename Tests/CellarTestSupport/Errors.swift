import Cellar

/// The store's error that `body` throws, or nil if it throws none.
public func storeError(_ body: () throws -> Void) -> StoreError? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreError
    }
}

/// The kind of the store's error that `body` throws, or nil if it throws none.
public func codeThrown(_ body: () throws -> Void) -> StoreError.Code? { storeError(body)?.code }
