import ArgumentParser
import Cellar

/// What could not be read while the rest was shown.
final class Unreadable {
    private var errors: [StoreError] = []

    func note(_ errors: [StoreError]) { self.errors += errors }

    /// Nil for what is not there any more, for what only the disk has and a looker cannot bring in, and for what is damaged, of
    /// which this keeps a note, with the name of what it is in.
    @discardableResult
    func attempt<Thing>(_ name: String? = nil, _ body: () throws -> Thing?) throws -> Thing? {
        do { return try body() } catch let error as StoreError {
            switch error.code {
            case .noSuchCell, .removed: return nil
            case .corruptSegment, .corruptDatabase, .invalidValue:
                let isNamed = name.map { error.message.contains("'\($0)'") } ?? true
                let message = isNamed ? error.message : "'\(name ?? "")': \(error.message)"
                errors.append(StoreError(error.code, message, errno: error.errno))
                return nil
            default: throw error
            }
        }
    }

    /// After what could be shown: a line for each thing that could not, on standard error, and the exit status that goes with it.
    func finish() throws {
        guard !errors.isEmpty else { return }
        for error in errors { Output.complain(error.message) }
        throw ExitCode(ExitStatus.badData.rawValue)
    }
}
