import Cellar
import CellarTestSupport
import Testing

/// Transactions in one process: what they change, what they see, and what the disk has of them.
struct TransactionTests {
    private struct Refusal: Error {}

    @Test(arguments: [TransactionDurability.memory, .disk])
    func allOfItIsThereAfterwards(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let things = try TransactedThings(try scratch.open())
            let store = try scratch.open()
            let returned = try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 7)
                #expect(things.count.load() == 1)
                #expect(try things.ages["Ada"] == nil)
                // It sees itself.
                #expect(try tx.load(things.count) == 7)
                #expect(try tx.load(things.pose).x == 7)
                #expect(try tx.load(things.bytes, at: 7) == 7)
                #expect(try tx.load(things.bytes, at: 8) == 0)
                #expect(try tx.load(things.poses, at: 2730).x == 7)
                #expect(try tx.value(for: "Ada", in: things.ages) == 7)
                #expect(try tx.value(for: 5, in: things.names)?.count == 700)
                return "done"
            }
            #expect(returned == "done")
            try things.expect(7, tables: false)
            try store.transaction(durability: durability) { tx in
                try things.change(tx, to: 8)
                try things.changeTables(tx, to: 8)
                #expect(try tx.value(for: "Ada", in: things.users) == "user 8")
            }
            try things.expect(8, tables: true)
            try TransactedThings(try scratch.reboot()).expect(8, tables: true)
        }
    }

    /// With `.disk`, or with a table, all of it is on disk at once, though no checkpoint came by.
    @Test(arguments: [false, true])
    func whatIsOnDiskComesBackWithoutACheckpoint(_ usesTables: Bool) throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let things = try TransactedThings(store)
            try store.transaction { tx in try things.change(tx, to: 3) }
            try store.transaction(durability: usesTables ? .memory : .disk) { tx in
                try tx.store(4, to: things.count)
                if usesTables { try things.changeTables(tx, to: 3) }
            }
            let image = try scratch.copyOfDisk()
            let copy = try TransactedThings(try scratch.open(at: image))
            // What the first changed comes along: otherwise the disk would have a part of it.
            #expect(copy.count.load() == 4)
            #expect(try copy.pose.load().x == 3)
            #expect(try copy.bytes.load(at: 7) == 3)
            #expect(try copy.poses.load(at: 2730).x == 3)
            #expect(try copy.ages["Ada"] == 3)
            #expect(try copy.names[5]?.count == 300)
            #expect(try copy.users.value(for: "Ada") == (usesTables ? "user 3" : nil))
        }
    }

    @Test(arguments: [TransactionDurability.memory, .disk])
    func anErrorUndoesTheWhole(_ durability: TransactionDurability) throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            try store.transaction { tx in
                try things.change(tx, to: 1)
                try things.changeTables(tx, to: 1)
            }
            #expect(throws: Refusal.self) {
                try store.transaction(durability: durability) { tx in
                    try things.change(tx, to: 2)
                    try things.changeTables(tx, to: 2)
                    throw Refusal()
                }
            }
            try things.expect(1, tables: true)
            #expect(try !things.tags.contains(2, for: "Ada"))
            try store.transaction(durability: durability) { tx in try things.change(tx, to: 3) }
            try things.expect(3, tables: false)
        }
    }

    /// Later changes of one place take the place of earlier ones, of whatever size, few or many.
    @Test func theLastChangeCounts() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let names: SharedDictionary<Int, String> = try store.dictionary("names")
            let values = try store.array("values", of: Int.self, count: 500)
            try store.transaction { tx in
                for round in 1...5 {
                    for key in 0..<60 {
                        try tx.set(String(repeating: "x", count: round * 7), for: key, in: names)
                        try tx.store(round, to: values, at: key)
                    }
                    for key in stride(from: 0, to: 60, by: 2) {
                        #expect(try tx.removeValue(for: key, in: names)?.count == round * 7)
                        #expect(try tx.removeValue(for: key, in: names) == nil)
                    }
                }
                #expect(try tx.value(for: 3, in: names)?.count == 35)
            }
            #expect(try names.count == 30)
            for key in 0..<60 { #expect(try names[key]?.count == (key % 2 == 0 ? nil : 35)) }
            #expect(try values.values(in: 0..<61) == [Int](repeating: 5, count: 60) + [0])
        }
    }

    /// What somebody changes outside of transactions while one runs is not lost: it runs again.
    @Test func whatWasReadIsLookedAtOnceMore() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            var runs = 0
            try store.transaction { tx in
                let old = try tx.load(things.count)
                let age = try tx.value(for: "Ada", in: things.ages) ?? 0
                runs += 1
                if runs == 1 { things.count.add(10) }
                if runs == 2 { try things.ages.set(100, for: "Ada") }
                try tx.store(old + 1, to: things.count)
                try tx.set(age + 1, for: "Ada", in: things.ages)
            }
            #expect(runs == 3)
            #expect(things.count.load() == 12)
            #expect(try things.ages["Ada"] == 101)
        }
    }

    /// Who watches something that a transaction changes is told, tables included.
    @Test func watchersAreTold() throws {
        try withScratchStore { scratch in
            let store = try scratch.open()
            let things = try TransactedThings(store)
            let count = try things.count.versioned()
            let (users, ages) = (try things.users.version(), try things.ages.version())
            try store.transaction { tx in
                try tx.store(2, to: things.count)
                try tx.set(2, for: "Ada", in: things.ages)
                try tx.set("Ada", for: "Ada", in: things.users)
            }
            #expect(try things.count.wait(after: count.version, timeout: .zero)?.value == 2)
            #expect(try things.ages.wait(after: ages, timeout: .zero) != nil)
            #expect(try things.users.wait(after: users, timeout: .zero) != nil)
        }
    }

    /// More pieces than the lists for the disk hold: then the disk gets them with the transaction.
    @Test func fullListsAreEmptied() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let values = try store.array("values", of: Int.self, count: 100_000)
            try store.sync()
            for start in stride(from: 0, to: 30_000, by: 2000) {
                try store.transaction { tx in
                    for index in start..<start + 2000 { try tx.store(index + 1, to: values, at: index) }
                }
            }
            #expect(try values.values(in: 0..<30_000) == Array(1...30_000))
            #expect(try Store.check(scratch.path).isWhole)
            scratch.closeAll()
            let back = try scratch.open().array("values", of: Int.self)
            #expect(try back.values(in: 0..<30_001) == Array(1...30_000) + [0])
        }
    }

    /// A cell that the disk does not know of by name yet gets there together with what is changed in it.
    @Test func newCellsGoToDiskWithTheirChanges() throws {
        try withScratchStore { scratch in
            let store = try scratch.openQuiet()
            let old = try store.value("old", initial: 0)
            try store.sync()
            let new = try store.value("new", initial: 0)
            try store.transaction(durability: .disk) { tx in
                try tx.store(1, to: old)
                try tx.store(1, to: new)
            }
            let copy = try scratch.open(at: try scratch.copyOfDisk())
            #expect(try copy.value("old", of: Int.self).load() == 1)
            #expect(try copy.value("new", of: Int.self).load() == 1)
        }
    }
}
