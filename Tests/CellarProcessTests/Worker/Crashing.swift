import Cellar
import CellarTestSupport
import Glibc

/// For the tests that kill a process at every step: `crash … SCENARIO POINT ACTION` does a scenario's operation,
/// `examine …` what comes after one. The point `-` is none: the points that were visited are said instead.
#if CrashPoints
    let crashCommands: [String: Command] = [
        "crash": { arguments in
            let scenario = try scenario(arguments)
            try scenario.operate(arguments.path) { arm(arguments) }
            sayVisits()
        },
        "examine": { arguments in
            let scenario = try scenario(arguments)
            arm(arguments)
            say("state \(try scenario.examine(arguments.path))")
            sayVisits()
        },
        // stop-at STORE POINT: stops at a point while it makes a cell.
        "stop-at": { arguments in
            let store = try arguments.open()
            CrashPoints.arm(arguments.text(1), .stop)
            _ = try store.value("made at a stop", initial: 1)
            say("done")
            awaitLine()
        },
        // stop-opening STORE: stops while it opens the store, which keeps others from opening it.
        "stop-opening": { arguments in
            CrashPoints.arm("open: lock files made", .stop)
            _ = try arguments.open()
            say("done")
            awaitLine()
        },
    ]

    private func scenario(_ arguments: Arguments) throws -> CrashScenario {
        guard let found = CrashScenario.all.first(where: { $0.name == arguments.text(1) }) else {
            throw CrashScenario.Wrong("no scenario '\(arguments.text(1))'")
        }
        return found
    }

    private func arm(_ arguments: Arguments) {
        let point = arguments.text(2)
        if point == "-" {
            CrashPoints.record()
        } else {
            CrashPoints.arm(
                point, visit: arguments.number(3, or: 1), CrashPoints.Action(rawValue: arguments.text(4)) ?? .kill)
        }
    }

    private func sayVisits() {
        for (name, count) in CrashPoints.visits { say("\(count) \(name)") }
        say("done")
    }
#else
    let crashCommands: [String: Command] = [:]
#endif
