import Cellar
import CellarTestSupport
import Glibc

let watchingCommands: [String: Command] = [
    // watch STORE LAST: a task watches the counter until it holds LAST.
    "watch": { arguments in
        let store = try arguments.open()
        let cell = try store.value("counter", initial: 0)
        let end = arguments.number(1)
        follow {
            say("ready")
            for try await value in cell.updates where value == end { return say("saw \(value)") }
            say("ended")
        }
    },
    // wait STORE LAST: the same, in a thread.
    "wait": { arguments in
        let store = try arguments.open()
        let cell = try store.value("counter", initial: 0)
        var seen = try cell.versioned()
        say("ready")
        while seen.value != arguments.number(1) {
            guard let next = try cell.wait(after: seen.version, timeout: .seconds(60)) else { return say("late") }
            seen = next
        }
        say("saw \(seen.value)")
    },
    // wait-long STORE: waits for one change of the counter after the other until it is killed.
    "wait-long": { arguments in
        let store = try arguments.open()
        let cell = try store.value("counter", initial: 0)
        var seen = try cell.versioned()
        say("ready")
        while goesOn() { if let next = try cell.wait(after: seen.version, timeout: .seconds(60)) { seen = next } }
    },
    // count-wakes STORE N: says how often N stores, and N more while somebody asked, woke anybody.
    "count-wakes": { arguments in
        #if CrashPoints
            let store = try arguments.open { $0.checkpointInterval = .milliseconds(1) }
            let cell = try store.value("counter", initial: 0)
            CrashPoints.record()
            for step in 0..<arguments.number(1) { cell.store(step) }
            say("woke \(CrashPoints.visits["watch: woken", default: 0])")
            _ = try cell.wait(after: cell.versioned().version, timeout: .milliseconds(1))
            for step in 0..<arguments.number(1) { cell.store(step) }
            say("woke \(CrashPoints.visits["watch: woken", default: 0])")
        #endif
    },
    // watch-table STORE TABLE LAST: a task watches the table until its count is LAST.
    "watch-table": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: String.self, values: Int.self)
        let end = arguments.number(2)
        follow {
            var isReady = false
            for try await _ in table.changes {
                let value = try? table.value(for: "count")
                if !isReady { say("ready") }
                isReady = true
                if value == end { return say("saw \(end)") }
            }
            say("ended")
            store.close()
        }
    },
    // wait-table STORE TABLE LAST: the same, in a thread.
    "wait-table": { arguments in
        let store = try arguments.open()
        let table = try store.table(arguments.text(1), keys: String.self, values: Int.self)
        var seen = try table.version()
        say("ready")
        while try table.value(for: "count") != arguments.number(2) {
            guard let next = try table.wait(after: seen, timeout: .seconds(60)) else { return say("late") }
            seen = next
        }
        say("saw \(arguments.number(2))")
    },
    // count-table-wakes STORE N: says how often N changes of a table, and N more while somebody asked, woke anybody.
    "count-table-wakes": { arguments in
        #if CrashPoints
            let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
            let table = try store.table("t", keys: Int.self, values: Int.self)
            CrashPoints.record()
            for step in 0..<arguments.number(1) { try table.set(step, for: step) }
            say("woke \(CrashPoints.visits["watch: woken", default: 0])")
            _ = try table.wait(after: table.version(), timeout: .milliseconds(1))
            for step in 0..<arguments.number(1) { try table.set(step, for: step) }
            say("woke \(CrashPoints.visits["watch: woken", default: 0])")
        #endif
    },
    // fork-watching STORE: a child cannot wait with what it inherited, and can with what it opens.
    "fork-watching": { arguments in
        let store = try arguments.open()
        let cell = try store.value("counter", initial: 0)
        let seen = try cell.versioned()
        let child = fork()
        if child == 0 {
            report("inherited") { _ = try cell.wait(after: seen.version, timeout: .seconds(60)) }
            // Whoever inherited a handle still tells those who watch.
            cell.store(1)
            report("own") {
                let store = try arguments.open()
                defer { store.close() }
                let own = try store.value("counter", of: Int.self)
                let before = try own.versioned()
                own.add(1)
                guard try own.wait(after: before.version, timeout: .seconds(60))?.value == 2 else { return say("lost") }
            }
            _exit(0)
        }
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        let next = try cell.wait(after: seen.version, timeout: .seconds(60))
        say("parent \(next?.value ?? -1)")
    },
]

/// Runs a task to its end, while this thread waits. What it throws is said.
private func follow(_ body: @escaping @Sendable () async throws -> Void) {
    do { try runTask(body) } catch { say("error \(code(of: error)): \(error)") }
}
