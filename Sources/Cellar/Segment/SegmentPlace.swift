import CCellar

/// Where the store of a segment lies, as whoever opened it last saw it. Opening a store does not ask: it is for people, and for
/// finding out whether a store is gone.
struct SegmentPlace: Hashable, Sendable {
    var path: String
    var device: UInt64
    var inode: UInt64
    /// Where the path leads there: another container may have something else under it.
    var mounts: UInt64
}

extension Segment {
    private static var mostBytes: Int { Int(CELLAR_PLACE_PATH_BYTES) }
    private var placeLength: SharedWord { word(CELLAR_HEADER_PLACE) }
    private func placeWord(_ field: Int) -> SharedWord { word(CELLAR_HEADER_PLACE + field) }

    /// Nil if it was not noted: the path is too long or no text, or who noted it died at it.
    var place: SegmentPlace? {
        // Pairs with the release in `note`.
        let length = Int(clamping: placeLength.acquire())
        guard (1...Self.mostBytes).contains(length) else { return nil }
        let source = unsafe fixed(CELLAR_HEADER_PLACE + CELLAR_PLACE_PATH)
        let bytes = (0..<length).map { unsafe source.load(fromByteOffset: $0, as: UInt8.self) }
        guard let path = String(validating: bytes, as: UTF8.self) else { return nil }
        return SegmentPlace(
            path: path, device: placeWord(CELLAR_PLACE_DEVICE).relaxed(),
            inode: placeWord(CELLAR_PLACE_INODE).relaxed(),
            mounts: placeWord(CELLAR_PLACE_MOUNTS).relaxed())
    }

    /// Notes the place. For who holds the store's lock.
    func note(_ place: SegmentPlace?) {
        guard place != self.place else { return }
        placeLength.release(0)
        crashPoint("place: forgotten")
        guard let place, case let bytes = Array(place.path.utf8), bytes.count <= Self.mostBytes else { return }
        placeWord(CELLAR_PLACE_DEVICE).setRelaxed(place.device)
        placeWord(CELLAR_PLACE_INODE).setRelaxed(place.inode)
        placeWord(CELLAR_PLACE_MOUNTS).setRelaxed(place.mounts)
        let target = unsafe fixed(CELLAR_HEADER_PLACE + CELLAR_PLACE_PATH)
        for (index, byte) in bytes.enumerated() {
            unsafe target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
        crashPoint("place: written")
        placeLength.release(UInt64(bytes.count))
        crashPoint("place: noted")
    }
}
