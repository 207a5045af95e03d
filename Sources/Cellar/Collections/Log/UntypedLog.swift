/// A log looked at through what is on record of it, for programs that do not have its Swift type: the command-line tool.
public struct UntypedLog: Sendable {
    private let source: Source
    private let shape: LogShape
    private let elements: TableValueShape
    private let name: String

    enum Source: Sendable {
        case memory(LogCore)
        case disk(StructureImage)
    }

    init(_ name: String, _ source: Source, _ shape: LogShape) {
        self.name = name
        self.source = source
        self.shape = shape
        elements = TableValueShape(parsing: shape.element, kind: .table)
    }

    /// What an element is: a schema's text, `string`, `bytes`, or the name of a codec.
    public var elementType: String { shape.element }
    /// The most entries.
    public var capacity: Int { shape.capacity }

    /// The offsets of what is kept. Takes no lock.
    public var offsets: Range<UInt64> {
        let (first, next) =
            switch source {
            case .memory(let core): core.memory.range
            case .disk(let image): image.range(of: shape)
            }
        return first..<next
    }

    /// The names of all groups, and where they are.
    public var groups: [(name: String, position: UInt64)] {
        switch source {
        case .memory(let core): core.groups
        case .disk(let image): image.groups
        }
    }

    /// Calls `body` with each entry from `offset` on, or from the oldest that is kept, until it returns false. Takes no lock.
    /// Throws `.invalidValue` where bytes are no element of the type, `.corruptSegment`, `.corruptDatabase`, `.removed`, and what
    /// `body` throws.
    public func forEach(
        from offset: UInt64 = 0, _ body: (_ offset: UInt64, _ time: UInt64, TableContent) throws(StoreError) -> Bool
    ) throws(StoreError) {
        try forEachBytes(from: offset) { (number, time, bytes) throws(StoreError) in
            try body(number, time, try content(of: bytes))
        }
    }

    /// The same with the bytes of each element.
    private func forEachBytes(
        from offset: UInt64, _ body: (UInt64, UInt64, [UInt8]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        switch source {
        case .memory(let core): try forEachBytes(of: core, from: offset, body)
        case .disk(let image):
            let kept = offsets
            var number = max(offset, kept.lowerBound)
            while number < kept.upperBound {
                let entry = try image.entry(number, of: shape)
                guard try body(number, entry.time, entry.bytes) else { return }
                number += 1
            }
        }
    }

    private func forEachBytes(
        of core: LogCore, from offset: UInt64, _ body: (UInt64, UInt64, [UInt8]) throws(StoreError) -> Bool
    ) throws(StoreError) {
        var next = offset
        var goesOn = true
        while goesOn {
            let start = next
            try core.read(from: start, upTo: 64) { (number, time, bytes) throws(StoreError) in
                guard goesOn else { return }
                next = number + 1
                goesOn = try body(number, time, bytes)
            }
            if next == start { return }
        }
    }

    /// What is wrong with the entries.
    func check() throws(StoreError) -> ContentFaults {
        var faults = ContentFaults(of: name)
        switch source {
        case .memory(let core):
            try forEachBytes(of: core, from: 0) { (number, _, bytes) throws(StoreError) in
                note(number, bytes, &faults)
                return !faults.isEnough
            }
        case .disk(let image):
            for fault in image.faults(of: shape) { faults.add(fault) }
            // Which entries there are is not known.
            guard faults.texts.isEmpty else { return faults }
            for number in offsets where !faults.isEnough {
                do throws(StoreError) { note(number, try image.entry(number, of: shape).bytes, &faults) } catch {
                    faults.add("on disk: \(error.message)")
                }
            }
        }
        return faults
    }

    private func note(_ number: UInt64, _ bytes: [UInt8], _ faults: inout ContentFaults) {
        faults.count += 1
        do throws(StoreError) { _ = try elements.content(of: bytes) } catch {
            faults.add("has at \(number) an element of \(bytes.count) bytes that is no '\(shape.element)'")
        }
    }

    private var core: LogCore {
        get throws(StoreError) {
            switch source {
            case .memory(let core): return core
            case .disk: throw StoreError(.readOnly, "the store of the log '\(name)' was opened read-only")
            }
        }
    }

    // MARK: Restoring

    /// Appends entries with the offsets and times that `forEach` gave them once; the elements as people write them, bytes in
    /// hexadecimal. In a log to which nothing was ever appended, the first may have any offset; each other follows the one
    /// before. Times do not go back: one that would is that of the entry before.
    ///
    /// All under one lock; checks all before the first is appended. Throws `.invalidValue` for another offset, and for what is
    /// no element or too long; `.readOnly`, `.removed`, `.timedOut`. O(`entries.count`).
    public func restore(_ entries: [(offset: UInt64, time: UInt64, element: String)]) throws(StoreError) {
        var found: [(offset: UInt64, time: UInt64, bytes: [UInt8])] = []
        for entry in entries {
            do throws(StoreError) {
                found.append((entry.offset, entry.time, try elements.bytes(parsing: entry.element)))
            } catch { throw error.about(name) }
        }
        try core.restore(found)
    }

    /// Makes the group, or moves it, to any offset: see `LogGroup.seek`.
    public func setGroup(_ group: String, to offset: UInt64) throws(StoreError) {
        let core = try core
        let index = try core.group(group, from: offset)
        try core.move(index) { (_, memory) throws(StoreError) in min(offset, memory.range.next) }
    }

    private func content(of bytes: [UInt8]) throws(StoreError) -> TableContent {
        do throws(StoreError) { return try elements.content(of: bytes) } catch {
            throw StoreError(
                .invalidValue,
                "the log '\(name)' has an element of \(bytes.count) bytes that is no '\(shape.element)'")
        }
    }
}
