import Glibc

/// The built command-line tool, run to its end.
public enum Tool {
    public struct Run: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Runs `cellar`, or another program beside the tests, with these arguments, as bytes; its output goes through files in `directory`.
    public static func run(
        _ arguments: [[UInt8]], of program: String = "cellar", in directory: String
    ) throws -> Run {
        let command = [Array((Worker.buildDirectory + "/" + program).utf8)] + arguments
        var argv = unsafe [UnsafeMutablePointer<CChar>?]()
        for argument in command {
            unsafe argv.append(
                unsafe (argument + [0]).withUnsafeBytes { bytes in
                    unsafe strdup(bytes.baseAddress!.assumingMemoryBound(to: CChar.self))
                })
        }
        unsafe argv.append(nil)
        defer { unsafe argv.forEach { unsafe free($0) } }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let paths = [directory + "/tool.out", directory + "/tool.err"]
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (index, path) in paths.enumerated() {
            unsafe posix_spawn_file_actions_addopen(
                &actions, Int32(index + 1), path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var process = pid_t()
        let result = unsafe posix_spawn(&process, argv[0]!, &actions, nil, argv, environ)
        guard result == 0 else { throw Worker.Failure.cannotStart("cannot start the tool: error \(result)") }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
        return Run(status: code, output: text(paths[0]), errors: text(paths[1]))
    }

    public static func run(
        _ arguments: String..., of program: String = "cellar", in directory: String
    ) throws -> Run {
        try run(arguments.map { Array($0.utf8) }, of: program, in: directory)
    }

    private static func text(_ path: String) -> String {
        let file = unsafe open(path, O_RDONLY)
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress!, $0.count) }
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: buffer.prefix(count))
        }
    }
}
