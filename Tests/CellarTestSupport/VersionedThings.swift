import Cellar

/// One of each kind of thing that a transaction changes, which go from version to version together; 0 before the first.
public struct VersionedThings {
    private let name: String
    public let word: SharedValue<Int>
    private let block: SharedValue<Checksummed>
    private let elements: SharedArray<Int>
    private let triples: SharedArray<Triple>
    private let entries: SharedDictionary<String, Int>
    private let texts: SharedDictionary<String, String>
    private let rows: SharedTable<String, Int>

    /// Things of one name. Dictionaries and the table are shared by all names.
    public init(_ store: Store, _ name: String = "things") throws {
        self.name = name
        word = try store.value(name + "/word", initial: 0)
        block = try store.value(name + "/block", initial: Checksummed(number: 0))
        elements = try store.array(name + "/elements", count: 3000)
        triples = try store.array(name + "/triples", count: 3000)
        entries = try store.dictionary("dictionary of numbers")
        texts = try store.dictionary("dictionary of texts")
        rows = try store.table("rows")
    }

    /// The last of them lies in two chunks.
    private static let places = 2729...2730

    private static func text(_ version: Int) -> String {
        "\(version) " + String(repeating: "t", count: version * 37 % 700)
    }

    private static func version(_ text: String?) -> Int? {
        guard let text else { return 0 }
        let version = text.split(separator: " ").first.flatMap { Int($0) }
        return version.flatMap { Self.text($0) == text ? $0 : nil }
    }

    /// The key that comes with versions like this one, and goes with the others.
    private func passing(_ version: Int) -> String { name + (version % 2 == 0 ? " even" : " odd") }

    /// With `count` elements and entries.
    public func change(_ tx: borrowing Transaction, to version: Int, count: Int = 2, rows hasRow: Bool = false) throws {
        try tx.store(version, to: word)
        try tx.store(Checksummed(number: UInt64(version)), to: block)
        for index in 0..<count { try tx.store(version, to: elements, at: index * 3) }
        for index in Self.places { try tx.store(Triple(version), to: triples, at: index) }
        for key in 0..<count { try tx.set(version, for: "\(name) \(key)", in: entries) }
        try tx.set(Self.text(version), for: name, in: texts)
        try tx.set(Self.text(version), for: passing(version), in: texts)
        try tx.removeValue(for: passing(version + 1), in: texts)
        if hasRow { try setRow(version, tx) }
    }

    public func setRow(_ version: Int, _ tx: borrowing Transaction) throws { try tx.set(version, for: name, in: rows) }

    /// The versions that the parts are in: one, if all is well. Nil for a part that is torn.
    public func versions(_ snapshot: borrowing Snapshot, count: Int = 2, rows hasRow: Bool = false) throws -> Set<Int?>
    {
        var versions: Set<Int?> = [try snapshot.load(word)]
        let block = try snapshot.load(block)
        versions.insert(block.isWhole ? Int(block.number) : nil)
        for index in 0..<count { versions.insert(try snapshot.load(elements, at: index * 3)) }
        for index in Self.places {
            let triple = try snapshot.load(triples, at: index)
            versions.insert(triple.isWhole ? triple.first : nil)
        }
        for key in 0..<count { versions.insert(try snapshot.value(for: "\(name) \(key)", in: entries) ?? 0) }
        versions.insert(Self.version(try snapshot.value(for: name, in: texts)))
        let passing = try (0...1).compactMap { try snapshot.value(for: self.passing($0), in: texts) }
        versions.insert(passing.count < 2 ? Self.version(passing.first) : nil)
        if hasRow { versions.insert(try snapshot.value(for: name, in: rows) ?? 0) }
        return versions
    }
}
