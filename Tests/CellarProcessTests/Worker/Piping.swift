import Cellar
import CellarTestSupport
import Glibc

let pipingCommands: [String: Command] = [
    // pipe-send STORE SEED COUNT LARGEST: sends random messages through the pipe's second end, and stays.
    "pipe-send": { arguments in
        let store = try arguments.open()
        let end = try store.pipe("p").open(.second)
        var messages = PipeMessages(
            seed: UInt64(arguments.number(1)), largest: arguments.number(3, or: end.largestMessage))
        say("ready")
        for _ in 0..<arguments.number(2) { try end.send(messages.next(), timeout: .seconds(60)) }
        say("sent")
        awaitLine()
    },
    // pipe-count STORE: sends 0, 1, 2, … through the pipe's second end until it is killed.
    "pipe-count": { arguments in
        let store = try arguments.open()
        let end = try store.pipe("p").open(.second)
        say("ready")
        var number = 0
        while goesOn() {
            try end.send(number)
            number += 1
        }
    },
    // pipe-echo STORE: sends back what it receives, until the end.
    "pipe-echo": { arguments in
        let store = try arguments.open()
        let end = try store.pipe("p").connect()
        say("ready")
        var count = 0
        while let message = try end.receive() {
            try end.send(message)
            count += 1
        }
        say("end after \(count)")
    },
    // pipe-echo-task STORE: the same in a task.
    "pipe-echo-task": { arguments in
        let store = try arguments.open()
        let end = try store.pipe("p").connect()
        say("ready")
        let count = try runTask {
            var count = 0
            while let message = try await end.receive() {
                try await end.send(message)
                count += 1
            }
            return count
        }
        say("end after \(count)")
    },
    // pipe-hold STORE WHAT: has an end until it is killed, or told to close it (or, if WHAT is store, the store).
    "pipe-hold": { arguments in
        let store = try arguments.open()
        let end = try store.pipe("p").connect()
        say("ready")
        awaitLine()
        // Of the end itself, or of the store.
        if arguments.text(1) == "store" { store.close() } else { end.close() }
        say("closed")
        awaitLine()
    },
    // pipe-fork STORE: a child cannot use what it inherited, and does not take the parent's end along.
    "pipe-fork": { arguments in
        let store = try arguments.open()
        let pipe = try store.pipe("p")
        let end = try pipe.open(.second)
        let child = fork()
        if child == 0 {
            report("inherited") { try end.send(1) }
            end.close()
            _exit(0)
        }
        var status: Int32 = 0
        unsafe waitpid(child, &status, 0)
        try end.send(2)
        say("sent")
        awaitLine()
    },
]
