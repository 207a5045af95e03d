import CLMDB
import Glibc

extension Database {
    /// Doubles the map, unless another thread has made it larger than `size` meanwhile. No transaction of the calling thread
    /// may be open.
    func growMap(from size: Int) throws(StoreError) {
        guard size < Self.largestMapSize else {
            throw StoreError(
                .limitReached, "the database of '\(directory)' cannot grow beyond \(Self.largestMapSize) bytes")
        }
        try gate.alone { () throws(StoreError) in
            guard mapSize.load(ordering: .relaxed) <= size else { return }
            try remap(min(size * 2, Self.largestMapSize))
        }
    }

    /// Makes the map as large as another process made it.
    func adoptMapSize() throws(StoreError) {
        try gate.alone { () throws(StoreError) in try remap(0) }
    }

    /// Maps the file anew, with this process's pins released meanwhile, as LMDB demands.
    ///
    /// For those microseconds no pin holds the pages of earlier snapshots, so a looker that began before may be left with a
    /// page that somebody reuses. It happens once each time the database doubles.
    ///
    /// Alone in the gate.
    func remap(_ size: Int) throws(StoreError) {
        try checkUsable()
        try pins.withLock { (pins) throws(StoreError) in
            let wereHeld = pins.release()
            try probeAddresses(size)
            let code = environment.setMapSize(size)
            guard code == 0 else {
                // LMDB has unmapped the file by then, and never maps it again.
                isBroken.store(true, ordering: .releasing)
                throw .database(code, "enlarge the map", directory)
            }
            mapSize.store(unsafe environment.info().me_mapsize, ordering: .relaxed)
            guard wereHeld, let first = try begin(.reading) else { return }
            pins.take(first, at: MonotonicClock.now())
        }
    }

    /// Fails where LMDB would: there must be addresses for the new map while the old one still stands.
    private func probeAddresses(_ size: Int) throws(StoreError) {
        guard size > 0 else { return }
        let probe = unsafe mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard unsafe probe != MAP_FAILED else {
            throw StoreError(.memoryFull, "no addresses are left to map \(size) bytes of '\(directory)'", errno: errno)
        }
        unsafe munmap(probe, size)
    }
}
