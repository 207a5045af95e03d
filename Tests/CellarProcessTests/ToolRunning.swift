import CellarTestSupport
import Testing

extension ScratchStore {
    /// Runs the tool to its end, and checks its exit status; what it printed, or its complaint if it is to fail.
    @discardableResult
    func tool(
        _ arguments: String..., ends status: Int32 = 0, location: SourceLocation = #_sourceLocation
    ) throws -> String {
        let run = try Tool.run(arguments.map { Array($0.utf8) }, in: directory)
        #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)", sourceLocation: location)
        return status == 0 ? run.output : run.errors
    }

    /// Starts the tool's `watch` of the store.
    func watch(_ arguments: String...) throws -> Worker {
        try Worker(command: [Worker.buildDirectory + "/cellar", "watch", path] + arguments)
    }

    /// Runs a command of the shell in which `cellar` is the tool, in the scratch directory; what it printed, errors too.
    @discardableResult
    func shell(
        _ command: String, ends status: Int32 = 0, location: SourceLocation = #_sourceLocation
    ) -> String {
        let run = CellarTestSupport.shell(
            "cd '\(directory)' && cellar() { '\(Worker.buildDirectory)/cellar' \"$@\"; } && \(command)")
        #expect(run.code == status, "\(command): \(run.output)", sourceLocation: location)
        return run.output
    }

    /// Writes a file in the scratch directory.
    func write(_ text: String, to name: String) throws {
        let bytes = Array(text.utf8)
        let count = Files.write(bytes, to: "\(directory)/\(name)", truncating: true)
        try #require(count == bytes.count)
    }
}
