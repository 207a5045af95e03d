import BenchmarkSupport
import Cellar
import Glibc

/// Bytes that things take, beside what is put in.
var memoryWorks: [String: (Place) throws -> Work] {
    [
        "memory-cell": { place in
            let store = try place.open(quiet: true)
            let before = try used(store)
            for index in 0..<place.entries {
                _ = try store.value(entryName(index), initial: index, persistence: .volatile)
            }
            let bytes = Double(try used(store) - before) / Double(place.entries)
            return place.work(store, isOwnFigure: true) { _ in bytes }
        },
        "memory-entry": { place in
            let store = try place.open(quiet: true)
            let before = try used(store)
            let dictionary = try store.dictionary(
                "blocks", keys: Key16.self, values: Block64.self, persistence: .volatile)
            for index in 0..<place.entries { try dictionary.set(Block64(a: index), for: Key16(high: index)) }
            let bytes = Double(try used(store) - before) / Double(place.entries) - 80
            return place.work(store, isOwnFigure: true) { _ in bytes }
        },
        "memory-process": { place in
            let store = try place.open(quiet: true)
            let holders = try Parts("holder", count: place.number("processes", default: 8), at: place)
            let bytes = Samples(try holders.run(share: 0) {}.answers).median
            return Work(run: { _ in bytes }, isOwnFigure: true) {
                holders.end()
                store.close()
                place.remove()
            }
        },
        "idle": { place in
            let store = try place.open()
            try store.sync()
            return place.work(store, isOwnFigure: true) { _ in
                let before = processorSeconds()
                sleep(1)
                return (processorSeconds() - before) * 1e9
            }
        },
    ]
}

private func used(_ store: Store) throws -> Int {
    guard let segment = try store.statistics().segment else { throw Skip("there is no segment") }
    return segment.used
}

/// Time that this process has had a processor for.
private func processorSeconds() -> Double {
    var usage = rusage()
    unsafe getrusage(0, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Bytes of memory that this process has for itself alone: none of a file, none of a segment.
func privateBytes() throws -> Double {
    guard let file = unsafe fopen("/proc/self/smaps_rollup", "r") else {
        throw Skip("/proc/self/smaps_rollup: \(errno)")
    }
    defer { unsafe fclose(file) }
    var total = 0.0
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        if words.count > 1, words[0] == "Anonymous:" { total += (Double(words[1]) ?? 0) * 1024 }
    }
    return total
}
