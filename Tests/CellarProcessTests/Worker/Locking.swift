import Cellar
import CellarTestSupport
import Glibc

let lockingCommands: [String: Command] = [
    // hold-value STORE: stays in withLock of 'triple', with a changed copy, until told to go.
    "hold-value": { arguments in
        let store = try arguments.open()
        let cell = try store.value("triple", initial: Triple(1))
        try cell.withLock {
            $0 = Triple(99)
            say("holding")
            awaitLine()
        }
        say("released")
        awaitLine()
    },
    // hold-word STORE: stays in withLock of the number 'word'.
    "hold-word": { arguments in
        let store = try arguments.open()
        let cell = try store.value("word", initial: 1)
        try cell.withLock { (value: inout Int) in
            value = 99
            say("holding")
            awaitLine()
        }
    },
    // hold-array STORE FROM TO VALUE: writes the first half of the range under the array's lock, then waits there.
    "hold-array": { arguments in
        let store = try arguments.open()
        let cells = try store.array("numbers", of: Int.self)
        let range = arguments.number(1)..<arguments.number(2)
        try cells.withLock(range) { span in
            for index in 0..<range.count / 2 { span[index] = arguments.number(3) }
            say("holding")
            awaitLine()
            for index in range.count / 2..<range.count { span[index] = arguments.number(3) }
        }
        say("released")
        awaitLine()
    },
    // hold-update STORE VALUE: fills its copy in an atomic update, then waits there.
    "hold-update": { arguments in
        let store = try arguments.open()
        let cells = try store.array("numbers", of: Int.self)
        try cells.update { span in
            for index in 0..<span.count { span[index] = arguments.number(1) }
            say("holding")
            awaitLine()
        }
        say("released")
        awaitLine()
    },
]
