import ArgumentParser
import Cellar

/// The argument that nearly every command begins with.
struct StoreArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The store's directory; if there is none, what CELLAR_STORE says.", valueName: "store"),
        completion: Completions.store)
    var path: String

    func validate() throws {
        if path.isEmpty { throw ValidationError("The path of a store cannot be empty") }
    }

    /// Opens the store to look: leaves no trace.
    func look() throws(StoreError) -> Store { try Store.open(path, .readOnly) }

    /// Opens the store, which must be there, to change it.
    func change() throws -> Store {
        var options = Self.options
        options.creates = false
        return try Store.open(path, options)
    }

    /// Opens the store, making it if need be.
    func create() throws -> Store { try Store.open(path, Self.options) }

    private static var options: Store.Options {
        var options = Store.Options()
        options.processName = "cellar"
        return options
    }
}
