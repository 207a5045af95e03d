import Cellar
import Glibc

/// Where the demo's store is, and whether it stays.
final class DemoPlace {
    let storePath: String
    private let temporaryDirectory: String?
    private let isKept: Bool

    /// A path that was asked for, or one in a new temporary directory.
    init(path: String?, isKept: Bool) throws {
        self.isKept = isKept || path != nil
        if let path {
            var status = stat()
            guard unsafe lstat(path, &status) != 0 else {
                throw ToolError(.cannotCreate, "there is something at '\(path)' already: name a path that is free")
            }
            storePath = path
            temporaryDirectory = nil
        } else {
            let directory = try Self.makeTemporaryDirectory()
            storePath = directory + "/demo.cellar"
            temporaryDirectory = directory
        }
    }

    /// Removes the store, unless it is to stay. Says nothing: there may be an error to report already.
    func leave() {
        guard !isKept else { return }
        try? Store.remove(storePath)
        if let temporaryDirectory {
            Self.removeDirectory(storePath)
            Self.removeDirectory(temporaryDirectory)
        }
    }

    /// With the files in it: what is left of a store that could not be made.
    private static func removeDirectory(_ path: String) {
        for name in (try? FileNames.of(path)) ?? [] { unsafe unlink(path + "/" + name) }
        unsafe rmdir(path)
    }

    /// What to tell about the store at the end.
    var farewell: String? {
        isKept ? "the store is at \(storePath): look at it with 'cellar ls', and remove it when done" : nil
    }

    private static func makeTemporaryDirectory() throws -> String {
        let parent = SystemCall.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var template = Array("\(parent)/cellar-demo.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw ToolError(
                .cannotCreate,
                "cannot make a directory in '\(parent)' (\(SystemCall.reason(errno))): set TMPDIR to another")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
