import Cellar
import CellarTestSupport
import Glibc

let queueCommands: [String: Command] = [
    // queue-produce STORE PRODUCER ITEMS ALL SEED: puts its share of the items, those that are missing.
    "queue-produce": { arguments in
        let store = try arguments.open()
        let (producer, count) = (arguments.number(1), arguments.number(2))
        let accounts = try ItemAccounts(store, items: arguments.number(3))
        var random = SeededRandom(seed: UInt64(arguments.number(4)))
        // What a predecessor was at when it died may be there or not: it is not put again.
        for item in accounts.done[producer]..<max(accounts.done[producer], accounts.begun[producer]) {
            accounts.unsure[producer * count + item] = 1
        }
        var next = max(accounts.done[producer], accounts.begun[producer])
        armAtAQueueStep(&random)
        say("ready")
        while next < count {
            let batch = min(
                random.next() % 2 == 0 ? 1 : Int.random(in: 1...ItemAccounts.most, using: &random), count - next)
            accounts.begun[producer] = next + batch
            if batch == 1 {
                try accounts.queue.put(producer * count + next)
            } else {
                try accounts.queue.put(contentsOf: (0..<batch).map { producer * count + next + $0 })
            }
            next += batch
            accounts.done[producer] = next
        }
        say("through")
        awaitLine()
    },
    // queue-consume STORE CONSUMER ALL SEED HOW: takes items, leasing them or for good, until the queue is at its end.
    "queue-consume": { arguments in
        let store = try arguments.open()
        let consumer = arguments.number(1)
        let accounts = try ItemAccounts(store, items: arguments.number(2))
        var random = SeededRandom(seed: UInt64(arguments.number(3)))
        let leases = arguments.text(4) == "lease"
        for place in 0..<ItemAccounts.most { accounts.held[consumer * ItemAccounts.most + place] = 0 }
        armAtAQueueStep(&random)
        say("ready")
        while goesOn() {
            let most = Int.random(in: 1...ItemAccounts.most, using: &random)
            if leases {
                let leases = try accounts.queue.lease(upTo: most)
                if leases.isEmpty { break }
                for (place, lease) in leases.enumerated() {
                    accounts.held[consumer * ItemAccounts.most + place] = lease.element + 1
                }
                for lease in leases { accounts.seen.add(1, at: lease.element) }
                if random.next() % 2 == 0 {
                    try accounts.queue.acknowledge(leases)
                } else {
                    for lease in leases { try lease.acknowledge() }
                }
            } else {
                let items =
                    most == 1 ? [try accounts.queue.get()].compactMap(\.self) : try accounts.queue.get(upTo: most)
                if items.isEmpty { break }
                for item in items { accounts.seen.add(1, at: item) }
            }
        }
        say("end")
        awaitLine()
    },
    // queue-put-at STORE STEP: puts an item, and dies at the step, if it comes to it.
    "queue-put-at": { arguments in
        let store = try arguments.open()
        let queue = try store.queue("items", of: Int.self)
        #if CrashPoints
            CrashPoints.arm(arguments.text(1))
        #endif
        try queue.put(1)
        say("put")
        awaitLine()
    },
    // queue-get-at STORE STEP: gets items, and says so; dies at the step, if there is one and it comes to it.
    "queue-get-at": { arguments in
        let store = try arguments.open()
        let queue = try store.queue("items", of: Int.self)
        #if CrashPoints
            if !arguments.text(1).isEmpty { CrashPoints.arm(arguments.text(1)) }
        #endif
        say("ready")
        while let item = try queue.get() { say("got \(item)") }
        say("end")
        awaitLine()
    },
    // queue-leave STORE HOW: gets or leases an item and says so; told to, closes the store, and says so, but lives on.
    "queue-leave": { arguments in
        let store = try arguments.open()
        let queue = try store.queue("jobs", of: Int.self)
        let item = arguments.text(1) == "lease" ? try queue.lease()?.element : try queue.get()
        say("has \(item ?? 0)")
        awaitLine()
        store.close()
        say("left")
        awaitLine()
    },
    // queue-sync STORE FIRST: puts and acknowledges, each time until it is on disk, and says what it is about to do and did.
    "queue-sync": { arguments in
        let store = try arguments.open { $0.checkpointInterval = .seconds(3600) }
        let queue = try store.queue("items", of: Int.self)
        var next = arguments.number(1)
        var leases: [QueueLease<Int>] = []
        while goesOn() {
            try queue.put(next, sync: true)
            say("put \(next)")
            next += 1
            guard let lease = try queue.tryLease() else { continue }
            leases.append(lease)
            guard leases.count > 3 else { continue }
            let first = leases.removeFirst()
            say("begin \(first.element)")
            try first.acknowledge(sync: true)
            say("done \(first.element)")
        }
    },
]

/// Half of them die at a step, which hardly any kill at a random moment comes upon.
private func armAtAQueueStep(_ random: inout SeededRandom) {
    #if CrashPoints
        let steps = [
            "queue put: filled in", "queue put: numbered", "queue put: ready", "queue put: in its place",
            "queue put some: filled in", "queue put some: ready", "queue put some: numbered",
            "queue put some: in their places", "queue get some: counted", "queue get some: free",
            "queue get some: out of the order",
            "queue get: counted", "queue get: free", "queue get: out of the order", "queue lease: filled in",
            "queue lease: leased", "queue lease: listed", "queue acknowledge: free", "queue acknowledge: listed",
            "queue give back: ready", "queue give back: in its place", "queue: unlocked", "queue rebuild: cleared",
            "queue rebuild: built", "queue rebuild: whole",
        ]
        guard random.next() % 2 == 0, let step = steps.randomElement(using: &random) else { return }
        CrashPoints.arm(step, visit: Int.random(in: 1...2000, using: &random))
    #endif
}
