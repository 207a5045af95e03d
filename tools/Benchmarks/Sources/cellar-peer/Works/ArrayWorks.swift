import BenchmarkSupport
import Cellar
import Glibc

/// Arrays, an element at a time and all at once.
var arrayWorks: [String: (Place) throws -> Work] {
    [
        "element-get": elements { array, order in try ArrayLoops.get(array, order) },
        "element-set": elements { array, order in try ArrayLoops.set(array, order) },
        "slice-copy": sliceCopy,
        "scan": bulk { array, buffer in try ArrayLoops.copyOut(array, buffer) },
        "bulk-in": bulk { array, buffer in try ArrayLoops.copyIn(array, buffer) },
    ]
}

private func elements(_ body: @escaping (SharedArray<Int>, ArraySlice<Int>) throws -> Void) -> (Place) throws -> Work {
    { place in
        let store = try place.open(quiet: true)
        let array = try store.array("array", of: Int.self, count: 1_000_000, persistence: .volatile)
        try array.fill(1)
        let order = Order.uniform(array.count)
        return place.work(store) { count in
            try repeated(count, order) { order in try time { try body(array, order) } }
        }
    }
}

/// Copies a slice out, as an array of Swift's own.
private func sliceCopy(_ place: Place) throws -> Work {
    let store = try place.open(quiet: true)
    let array = try store.array("array", of: Double.self, count: 8 << 20, persistence: .volatile)
    try array.fill(1)
    let size = place.number("bytes", default: 65536) / 8
    let starts = Order.uniform(array.count / size).map { $0 * size }
    return place.work(store) { count in
        try repeated(count, starts) { starts in try time { try ArrayLoops.slices(array, starts, size) } }
    }
}

/// All of a large array to or from memory of one's own, a mebibyte at a time.
private func bulk(_ body: @escaping (SharedArray<Double>, PrivateBuffer) throws -> Void) -> (Place) throws -> Work {
    { place in
        let store = try place.open(quiet: true)
        let count = place.number("bytes", default: 1 << 30) / 8
        let array = try store.array("array", of: Double.self, count: count, persistence: .volatile)
        try array.fill(1)
        let buffer = PrivateBuffer(count: min(1 << 17, count))
        return place.work(store) { count in
            try time { for _ in 0..<count { try body(array, buffer) } }
        }
    }
}

/// Memory of one's own.
@safe final class PrivateBuffer {
    let elements: UnsafeMutableBufferPointer<Double>

    init(count: Int) {
        unsafe elements = .allocate(capacity: count)
        unsafe elements.initialize(repeating: 1)
    }

    deinit { unsafe elements.deallocate() }
}

enum ArrayLoops {
    @inline(never) static func get(_ array: SharedArray<Int>, _ order: ArraySlice<Int>) throws {
        var sum = 0
        for index in order { sum &+= array[index] }
        sink(sum)
    }

    @inline(never) static func set(_ array: SharedArray<Int>, _ order: ArraySlice<Int>) throws {
        for index in order { array[index] = index }
    }

    @inline(never) static func slices(_ array: SharedArray<Double>, _ starts: ArraySlice<Int>, _ size: Int) throws {
        var sum = 0.0
        for start in starts { sum += try array.values(in: start..<start + size).last ?? 0 }
        sink(Int(sum))
    }

    @inline(never) static func copyOut(_ array: SharedArray<Double>, _ buffer: PrivateBuffer) throws {
        try array.withLock { span in
            unsafe span.withUnsafeBytes { source in
                let size = unsafe buffer.elements.count * 8
                for start in stride(from: 0, to: source.count, by: size) {
                    unsafe memcpy(
                        buffer.elements.baseAddress!, source.baseAddress! + start, min(size, source.count - start))
                }
            }
        }
        sink(Int(unsafe buffer.elements[0]))
    }

    @inline(never) static func copyIn(_ array: SharedArray<Double>, _ buffer: PrivateBuffer) throws {
        try array.withLock { span in
            unsafe span.withUnsafeMutableBytes { target in
                let size = unsafe buffer.elements.count * 8
                for start in stride(from: 0, to: target.count, by: size) {
                    unsafe memcpy(
                        target.baseAddress! + start, buffer.elements.baseAddress!, min(size, target.count - start))
                }
            }
        }
    }
}
