import Cellar
import Glibc

/// This program started again, to do an operation without pause until it is ended.
struct Peer {
    private static let role = "CELLAR_MICRO_PEER"
    private let process: pid_t

    /// How many have begun.
    static func ready(_ store: Store) throws -> SharedValue<Int> {
        try store.value("peers that are ready", initial: 0, persistence: .volatile)
    }

    init(_ operation: String, _ path: String) throws {
        // The others are not to hold the pipes through which this process talks with what started it.
        for descriptor in Int32(3)..<256 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        unsafe setenv(Self.role, "\(path)\n\(operation)", 1)
        defer { unsafe unsetenv(Self.role) }
        var arguments = unsafe [strdup("cellar-micro-peer"), nil]
        defer { unsafe free(arguments[0]) }
        var started = pid_t()
        let result = unsafe posix_spawn(&started, "/proc/self/exe", nil, nil, &arguments, environ)
        guard result == 0 else { fatalError("cannot start a process: error \(result)") }
        process = started
    }

    func end() {
        kill(process, SIGKILL)
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }

    /// In such a process: does not return.
    static func runIfAsked() {
        guard let asked = unsafe getenv(role) else { return }
        let words = unsafe String(cString: asked).split(separator: "\n", maxSplits: 1).map(String.init)
        unsafe unsetenv(role)
        guard words.count == 2, let operation = Operation.all.first(where: { $0.name == words[1] }) else { exit(2) }
        do {
            let parent = getppid()
            let store = try Store.open(words[0], operation.options)
            let loop = try operation.prepare(store)
            try ready(store).add(1)
            // Whoever was killed does not end its peers.
            while getppid() == parent { try loop(operation.isBrief ? 1000 : 1) }
            exit(0)
        } catch {
            print("\(operation.name): \(error)")
            exit(1)
        }
    }
}
