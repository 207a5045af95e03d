import Cellar
import CellarTestSupport
import Glibc

let forkCommands: [String: Command] = [
    // fork-opening STORE BUSY: forks while another thread opens a store that cannot be opened; the child opens its own.
    "fork-opening": { arguments in
        let busy = arguments.text(1)
        startThread {
            say("opening")
            report("busy") { _ = try Store.open(busy) }
        }
        awaitLine()
        guard let child = forkProcess() else { return say("fork refused") }
        if child == 0 {
            // What hangs ends by itself.
            alarm(20)
            report("child") { try arguments.open().close() }
            _exit(0)
        }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        say("child ended \(status)")
        awaitLine()
    },
    // fork STORE: forks with the store open; the child says what its operations come to, then opens it anew.
    "fork": { arguments in
        let store = try arguments.open()
        let word = try store.value("word", initial: 1)
        let triple = try store.value("triple", initial: Triple(1))
        let cells = try store.array("numbers", of: Int.self, count: 100)
        try store.sync()
        guard let child = forkProcess() else { return say("fork refused") }
        if child == 0 {
            say("word \(word.load())")
            report("store") { try triple.store(Triple(2)) }
            report("withLock") { try triple.withLock { $0 = Triple(3) } }
            report("fill") { try cells.fill(4) }
            report("update") { try cells.update { $0[0] = 5 } }
            report("sync") { try store.sync() }
            report("create") { _ = try store.value("new", initial: 0) }
            report("remove") { try store.remove("word") }
            report("list") { _ = try store.cells() }
            report("reopen") {
                let mine = try arguments.open()
                try mine.value("triple", of: Triple.self).withLock { $0 = Triple(7) }
                try mine.value("word", of: Int.self).add(10)
                try mine.sync()
                say("attached \(mine.attachments().count)")
                mine.close()
            }
            store.close()
            say("child done")
            _exit(0)
        }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        say("child ended \(status)")
        report("parent store") { try triple.withLock { $0 = Triple($0.first + 1) } }
        report("parent sync") { try store.sync() }
        say("parent triple \(try triple.load().first) word \(word.load())")
        say("parent attached \(store.attachments().count)")
        store.close()
    },
]

/// `fork`, which Swift does not show; nil if it failed.
func forkProcess() -> pid_t? {
    guard let symbol = unsafe dlsym(nil, "fork") else { return nil }
    let function = unsafe unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    let process = function()
    return process < 0 ? nil : process
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    _ = unsafe pthread_create(
        &thread, nil,
        { argument in
            unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, unsafe Unmanaged.passRetained(Box(body)).toOpaque())
}
