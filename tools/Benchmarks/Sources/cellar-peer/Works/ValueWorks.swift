import BenchmarkSupport
import Cellar

/// One value that is read and written.
var valueWorks: [String: (Place) throws -> Work] {
    [
        "word-load": word { value, count in ValueLoops.load(value, count) },
        "word-store": word { value, count in ValueLoops.store(value, count) },
        "word-add": word { value, count in ValueLoops.add(value, count) },
        "block-load": { place in try ofBytes(place) { try blockLoad($0, place) } },
        "block-store": { place in try ofBytes(place) { try blockStore($0, place) } },
        "block-load-written": { place in try ofBytes(place) { try blockLoadWritten($0, place) } },
        "lookup": lookup,
    ]
}

private func word(_ body: @escaping (SharedValue<Int>, Int) -> Void) -> (Place) throws -> Work {
    { place in
        let store = try place.open()
        let value = try store.value("word", initial: 0)
        return place.work(store) { count in time { body(value, count) } }
    }
}

private func ofBytes(_ place: Place, _ body: (any Numbered.Type) throws -> Work) throws -> Work {
    try body(block(place.bytes))
}

private func blockLoad<Block: Numbered>(_: Block.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let value = try store.value("block", initial: Block())
    return place.work(store) { count in try time { try ValueLoops.load(value, count) } }
}

private func blockStore<Block: Numbered>(_: Block.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let value = try store.value("block", initial: Block())
    return place.work(store) { count in try time { try ValueLoops.store(value, count) } }
}

/// Loads while another process stores without pause.
private func blockLoadWritten<Block: Numbered>(_: Block.Type, _ place: Place) throws -> Work {
    let store = try place.open()
    let value = try store.value("block", initial: Block())
    let stop = try store.value("stop", initial: 0)
    let writer = try Parts("writer", count: 1, at: place)
    return Work { count in
        stop.store(0)
        var taken = 0.0
        _ = try writer.run(share: 0) {
            defer { stop.store(1) }
            taken = try time { try ValueLoops.load(value, count) }
        }
        return taken
    } finish: {
        writer.end()
        store.close()
        place.remove()
    }
}

enum ValueParts {
    static func writer(_ store: Store, _ place: Place) throws -> (Int) throws -> Double {
        try opened(block(place.bytes), store, place)
    }

    private static func opened<Block: Numbered>(_: Block.Type, _ store: Store, _ place: Place) throws -> (Int) throws ->
        Double
    {
        let value = try store.value("block", initial: Block())
        let stop = try store.value("stop", initial: 0)
        return { _ in
            // In pieces, so that looking whether to stop is no part of the hammering.
            while stop.load() == 0 { try ValueLoops.store(value, 100) }
            return 0
        }
    }
}

/// From a name to the value, among many.
private func lookup(_ place: Place) throws -> Work {
    let store = try place.open(quiet: true)
    for index in 0..<place.entries { _ = try store.value(entryName(index), initial: index, persistence: .volatile) }
    let names = Order.uniform(place.entries).map(entryName)
    return place.work(store) { count in
        try repeated(count, names) { names in try time { try ValueLoops.lookUp(names, in: store) } }
    }
}

/// Has `body` do `count` steps of an order, from its start again at its end; the sum of what it says.
func repeated<Element>(
    _ count: Int, _ order: [Element], _ body: (ArraySlice<Element>) throws -> Double
) rethrows -> Double {
    var (left, total) = (count, 0.0)
    while left > 0 {
        let slice = order.prefix(left)
        total += try body(slice)
        left -= slice.count
    }
    return total
}

/// The loops that are measured.
enum ValueLoops {
    @inline(never)
    static func load(_ value: SharedValue<Int>, _ count: Int) {
        var sum = 0
        for _ in 0..<count { sum &+= value.load() }
        sink(sum)
    }

    @inline(never)
    static func store(_ value: SharedValue<Int>, _ count: Int) { for index in 0..<count { value.store(index) } }

    @inline(never)
    static func add(_ value: SharedValue<Int>, _ count: Int) { for _ in 0..<count { value.add(1) } }

    @inline(never) @_specialize(where Block == Block64) @_specialize(where Block == Block1K)
    @_specialize(where Block == Block64K)
    static func load<Block: Numbered>(_ value: SharedValue<Block>, _ count: Int) throws {
        var sum = 0
        for _ in 0..<count {
            let block = try value.load()
            sum &+= block.number &+ block.last
        }
        sink(sum)
    }

    @inline(never) @_specialize(where Block == Block64) @_specialize(where Block == Block1K)
    @_specialize(where Block == Block64K)
    static func store<Block: Numbered>(_ value: SharedValue<Block>, _ count: Int) throws {
        var block = Block()
        for index in 0..<count {
            block.number = index
            try value.store(block)
        }
    }

    @inline(never)
    static func lookUp(_ names: ArraySlice<String>, in store: Store) throws {
        var sum = 0
        // Over a span, so that the loop itself does not count references to the array.
        let names = names.span
        for index in names.indices { sum &+= try store.value(names[index], initial: 0, persistence: .volatile).load() }
        sink(sum)
    }
}
