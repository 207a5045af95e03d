import Cellar
import Glibc

/// Which files a store consisted of at one moment: others at another moment mean that it has to be opened again.
struct StoreFiles: Equatable {
    private struct File: Equatable {
        var device: UInt64
        var number: UInt64

        init?(_ path: String) {
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            number = UInt64(status.st_ino)
        }
    }

    private let path: String
    private let segmentName: String?
    private let database: File?
    private let segment: File?

    /// As they are now.
    init(of store: Store) {
        // What cannot be read has no segment that could be looked for; it is told with each sample.
        self.init(path: store.path, segmentName: (try? store.statistics())?.segment?.name)
    }

    private init(path: String, segmentName: String?) {
        self.path = path
        self.segmentName = segmentName
        database = File(path + "/data.mdb")
        segment = segmentName.flatMap { File("/dev/shm" + $0) }
    }

    /// Whether the store had a segment, and its object was there.
    var hasSegment: Bool { segment != nil }

    /// The same files, as they are now.
    var again: StoreFiles { StoreFiles(path: path, segmentName: segmentName) }
}
