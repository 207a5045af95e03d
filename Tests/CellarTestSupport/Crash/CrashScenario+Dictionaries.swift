import Cellar

extension CrashScenario {
    /// How many of the keys from `first` on are there, which must be the first of them, holding what `value` says.
    private static func prefix(
        of dictionary: Numbers, from first: Int, count: Int, others: Int, _ value: (Int) -> Int
    ) throws -> Int {
        var found = 0
        for key in first..<first + count {
            guard let seen = try dictionary[key] else { continue }
            guard key == first + found, seen == value(key) else {
                throw Wrong("key \(key) holds \(seen) after \(found)")
            }
            found += 1
        }
        guard try dictionary.count == others + found, try dictionary.keys().count == others + found else {
            throw Wrong(
                "it counts \(try dictionary.count), has \(try dictionary.keys().count), and not \(others + found)")
        }
        return found
    }

    private static func numbers(_ store: Store) throws -> SharedDictionary<Int, Checksummed> {
        try store.dictionary("numbers", keys: Int.self, values: Checksummed.self)
    }

    private static func texts(_ store: Store) throws -> SharedDictionary<String, String> {
        try store.dictionary("texts", keys: String.self, values: String.self)
    }

    private static func text(_ key: Int, _ version: Int) -> String {
        String(repeating: "\(key).\(version) ", count: 1 + key * 7 % 40 + version * 20)
    }

    /// What is there of texts that go from one version to the next, key by key: how many did.
    private static func steps(of store: Store, _ count: Int, from old: Int?, to new: Int?) throws -> Int {
        let texts = try texts(store)
        var done = 0
        for key in 0..<count {
            let seen = try texts["text \(key)"]
            if seen == new.map({ text(key, $0) }) {
                guard done == key else { throw Wrong("text \(key) is new after \(done)") }
                done += 1
            } else if seen != old.map({ text(key, $0) }) {
                throw Wrong("text \(key) is neither old nor new")
            }
        }
        return done
    }

    static let dictionaries: [CrashScenario] = [
        .on("make a dictionary and its first entry") { _ in
        } operate: { store in
            try numbers(store).set(Checksummed(number: 0), for: 0)
        } state: { store in
            try prefix(of: numbers(store).numbersOnly, from: 0, count: 1, others: 0) { $0 }
        },
        .on("set entries while a dictionary grows", done: 120) { store in
            let numbers = try numbers(store)
            for key in 0..<400 { try numbers.set(Checksummed(number: UInt64(key)), for: key) }
        } operate: { store in
            let numbers = try numbers(store)
            for key in 400..<520 { try numbers.set(Checksummed(number: UInt64(key)), for: key) }
        } state: { store in
            for key in 0..<400 {
                guard let seen = try numbers(store)[key], seen.isWhole, seen.number == UInt64(key) else {
                    throw Wrong("key \(key) is gone")
                }
            }
            return try prefix(of: numbers(store).numbersOnly, from: 400, count: 120, others: 400) { $0 }
        },
        .on("replace entries of a dictionary of blocks", done: 60) { store in
            let numbers = try numbers(store)
            for key in 0..<60 { try numbers.set(Checksummed(number: UInt64(key)), for: key) }
        } operate: { store in
            let numbers = try numbers(store)
            for key in 0..<60 { try numbers.set(Checksummed(number: UInt64(key) + 1000), for: key) }
        } state: { store in
            let numbers = try numbers(store)
            let replaced = try (0..<60).map { key in
                guard let seen = try numbers[key], seen.isWhole, seen.number % 1000 == UInt64(key) else {
                    throw Wrong("key \(key) is gone")
                }
                return seen.number >= 1000
            }
            let count = replaced.prefix { $0 }.count
            guard !replaced[count...].contains(true), try numbers.count == 60 else {
                throw Wrong("later ones were replaced before, or there are \(try numbers.count)")
            }
            return count
        },
        .on("set texts", done: 60) { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.set(text(key, 1), for: "text \(key)") }
        } operate: { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.set(text(key, 2), for: "text \(key)") }
        } state: { store in
            try steps(of: store, 60, from: 1, to: 2)
        },
        .on("remove texts", done: 60) { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.set(text(key, 1), for: "text \(key)") }
        } operate: { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.removeValue(for: "text \(key)") }
        } state: { store in
            try steps(of: store, 60, from: 1, to: nil)
        },
        .on("add to an entry") { store in
            try store.dictionary("sums", keys: Int.self, values: Int.self).set(1, for: 5)
        } operate: { store in
            let sums = try store.dictionary("sums", keys: Int.self, values: Int.self)
            if try sums[5] == 1 { try sums.add(1, to: 5) }
        } state: { store in
            let seen = try store.dictionary("sums", keys: Int.self, values: Int.self)[5]
            guard seen == 1 || seen == 2 else { throw Wrong("the sum is \(String(describing: seen))") }
            return seen! - 1
        },
        .on("set an entry of a dictionary of numbers") { store in
            try store.dictionary("sums", keys: Int.self, values: Int.self).set(1, for: 5)
        } operate: { store in
            try store.dictionary("sums", keys: Int.self, values: Int.self).set(2, for: 5)
        } state: { store in
            let seen = try store.dictionary("sums", keys: Int.self, values: Int.self)[5]
            guard seen == 1 || seen == 2 else { throw Wrong("the number is \(String(describing: seen))") }
            return seen! - 1
        },
        .on("put entries in a dictionary with a limit") { store in
            let cache = try store.dictionary("cache", keys: Int.self, values: Int.self, capacity: 64)
            for key in 0..<64 { try cache.set(key, for: key) }
        } operate: { store in
            let cache = try store.dictionary("cache", keys: Int.self, values: Int.self, capacity: 64)
            for key in 64..<128 { try cache.set(key, for: key) }
            try cache.set(1000, for: 1000)
        } state: { store in
            let cache = try store.dictionary("cache", keys: Int.self, values: Int.self, capacity: 64)
            var count = 0
            try cache.forEach { (key, value) throws(StoreError) in
                count += key == value ? 1 : 1000
                return true
            }
            guard try count == cache.count, count <= 64 else { throw Wrong("it has \(count) entries") }
            return try cache[1000] == nil ? 0 : 1
        },
        .on("save a dictionary", takesMemory: true) { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.set(text(key, 1), for: "text \(key)") }
        } operate: { store in
            let texts = try texts(store)
            for key in 0..<60 { try texts.set(text(key, 2), for: "text \(key)") }
            try store.sync()
        } state: { store in
            // A checkpoint in between may have had some of them, of any part.
            let texts = try texts(store)
            var new = 0
            for key in 0..<60 {
                let seen = try texts["text \(key)"]
                guard seen == text(key, 1) || seen == text(key, 2) else {
                    throw Wrong("text \(key) is neither old nor new")
                }
                if seen == text(key, 2) { new += 1 }
            }
            guard try texts.count == 60 else { throw Wrong("it counts \(try texts.count)") }
            return new / 60
        },
        .on("save a dictionary of which a part is locked") { store in
            try store.dictionary("sums", keys: Int.self, values: Int.self).set(1, for: 5)
        } operate: { store in
            let sums = try store.dictionary("sums", keys: Int.self, values: Int.self)
            for key in 100..<200 { try sums.set(key, for: key) }
            try sums.update(5) { value in
                // What could be taken of the other parts is put back.
                do { try store.sync(timeout: .milliseconds(50)) } catch {}
                value = 2
            }
        } state: { store in
            let seen = try store.dictionary("sums", keys: Int.self, values: Int.self)[5]
            guard seen == 1 || seen == 2 else { throw Wrong("the sum is \(String(describing: seen))") }
            return seen! - 1
        },
        CrashScenario("bring a dictionary in from disk") { path in
            try withStore(path) { store in
                try Bystanders.make(in: store)
                let (numbers, texts) = (try numbers(store), try texts(store))
                for key in 0..<700 { try numbers.set(Checksummed(number: UInt64(key)), for: key) }
                for key in 0..<60 { try texts.set(text(key, 2), for: "text \(key)") }
                try store.sync()
            }
            try Store.discardSegment(of: path)
        } operate: { path, arm in
            try withStore(path) { store in
                arm()
                for key in 0..<700 { _ = try numbers(store)[key] }
                for key in 0..<60 { _ = try texts(store)["text \(key)"] }
            }
        } state: { path in
            try withStore(path) { store in
                try Bystanders.check(in: store)
                guard try steps(of: store, 60, from: 1, to: 2) == 60 else { throw Wrong("texts are missing") }
                return try prefix(of: numbers(store).numbersOnly, from: 0, count: 700, others: 0) { $0 } / 700
            }
        },
    ]
}

extension SharedDictionary where Key == Int, Value == Checksummed {
    /// The same entries, read as numbers where they are whole.
    fileprivate var numbersOnly: Numbers { Numbers(dictionary: self) }
}

/// What `prefix` needs of a dictionary of blocks.
private struct Numbers {
    let dictionary: SharedDictionary<Int, Checksummed>
    var count: Int { get throws { try dictionary.count } }
    func keys() throws -> [Int] { try dictionary.keys() }
    subscript(key: Int) -> Int? {
        get throws {
            guard let block = try dictionary[key] else { return nil }
            return block.isWhole ? Int(block.number) : -1
        }
    }
}
