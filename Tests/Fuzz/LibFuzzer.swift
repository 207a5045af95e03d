// Coverage-guided fuzzing with LLVM's libFuzzer, in a build of its own that has libFuzzer's `main`: tools/fuzz --libfuzzer.
#if LIBFUZZER
    import Cellar
    import CellarTestSupport
    import Glibc

    /// What libFuzzer calls with one input after the other. Each is pieces of 12 bytes, each of which overwrites a word of a
    /// segment: 4 bytes choose which, 8 are what is written.
    @_cdecl("LLVMFuzzerTestOneInput")
    public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
        let input = unsafe UnsafeRawBufferPointer(start: data, count: size)
        var damage: [(place: Int, value: UInt64)] = []
        for index in stride(from: 0, through: size - 12, by: 12) {
            let place = unsafe input.loadUnaligned(fromByteOffset: index, as: UInt32.self)
            damage.append((Int(place), unsafe input.loadUnaligned(fromByteOffset: index + 4, as: UInt64.self)))
        }
        var random = SeededRandom(seed: 1)
        unsafe store.damage(damage)
        try? unsafe store.use(&random)
        return 0
    }

    nonisolated(unsafe) private var segmentPath = ""

    /// Made before the first input. libFuzzer is told to run in one thread.
    nonisolated(unsafe) private let store: FuzzedStore = {
        let directory = "/dev/shm/cellar-libfuzzer-\(getpid())"
        unsafe mkdir(directory, 0o700)
        do {
            let store = try FuzzedStore(directory + "/store") { _ in }
            unsafe segmentPath = store.segmentPath
            atexit {
                Files.removeTree("/dev/shm/cellar-libfuzzer-\(getpid())")
                _ = unsafe unlink(segmentPath)
            }
            return store
        } catch { fatalError("no store to damage: \(error)") }
    }()
#endif
