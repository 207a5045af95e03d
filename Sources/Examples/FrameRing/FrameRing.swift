// A camera writes frames into a ring of blocks, and a viewer shows the newest: no frame is copied on the way, a slow viewer skips
// some, and never sees half of one.
//
// Each frame goes into the next block of the ring, so that the viewer can look at one while the others are written. An event
// tells the viewer that there is something new.

import Cellar
import ExampleSupport

@main
enum FrameRing {
    static let frames = 200
    static let byteCount = 320 * 240
    static let places = 4

    static func main() async throws {
        let roles = Roles()
        let store = try Store.open(roles.path)
        let ring = try (0..<places).map {
            try store.block("frames/\($0)", byteCount: byteCount, persistence: .volatile)
        }
        let newest = try store.value("newest frame", initial: 0, persistence: .volatile)
        let isNew = try store.event("new frame")
        if roles.role == "viewer" { return try await view(ring, newest, isNew) }

        defer { try? Store.remove(roles.path) }
        async let viewer = roles.start("viewer")
        for frame in 1...frames {
            try unsafe ring[frame % places].withUnsafeMutableBytes { bytes in
                // What a camera would do: here, all pixels have the frame's number.
                for index in bytes.indices { unsafe bytes[index] = UInt8(frame & 0xFF) }
            }
            newest.store(frame)
            try isNew.set()
        }
        _ = try await viewer
        store.close()
    }

    static func view(_ ring: [SharedBlock], _ newest: SharedValue<Int>, _ isNew: SharedEvent) async throws {
        var (shown, torn, last) = (0, 0, 0)
        while last < frames {
            try await isNew.wait()
            // Cleared before looking: what comes from now on sets it again.
            try isNew.clear()
            let frame = newest.load()
            if frame == last { continue }
            // In place; nil if the camera came around and began to write into this block meanwhile.
            let isWhole = try ring[frame % places].withBytes { pixels in
                let first = unsafe pixels.unsafeLoad(as: UInt8.self)
                return (0..<byteCount).allSatisfy {
                    unsafe pixels.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == first
                }
            }
            if isWhole == true { shown += 1 }
            if isWhole == false { torn += 1 }
            last = frame
        }
        Roles.say("Showed \(shown > 0 ? "frames" : "none") up to \(last), \(torn) of them torn.")
    }
}
