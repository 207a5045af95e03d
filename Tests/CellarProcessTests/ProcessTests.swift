import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

/// Everything with several processes: one test at a time, since each wants the processors for itself.
@Suite(.serialized) struct ProcessTests {}

/// The code of the error that `body` throws, or nil.
func storeError(_ body: () throws -> Void) -> StoreError? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreError
    }
}
