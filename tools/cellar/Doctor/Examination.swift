import Cellar
import Glibc

/// What a machine must have for stores, looked at in turn.
enum Examination {
    private static let needed = (memory: 64 << 20, comfortable: 256 << 20)

    static func run(store: String?) -> [Finding] {
        [
            sharedMemory, overcommit, removal, robustLocks, barrier, waiting, kernel, fileLimit, addressLimit,
            largePages, library,
        ]
            + (store.map { [fileSystem(of: $0), room(at: $0)] } ?? [])
    }

    // MARK: Memory

    private static var sharedMemory: Finding {
        let name = "/dev/shm"
        guard let space = SystemFacts.space(at: name), SystemFacts.canWrite(name) else {
            return Finding(
                .fail, name, "is not there, or cannot be written",
                "mount it: mount -t tmpfs -o mode=1777 tmpfs /dev/shm; in a container, ask for one (--shm-size)")
        }
        let text = "\(HumanUnits.bytes(space.free)) free of \(HumanUnits.bytes(space.total))"
        if space.free < 2 << 20 {
            return Finding(.fail, name, text, "no store fits: 'cellar gc' finds what nobody uses; or make it larger")
        }
        if space.total <= needed.memory || space.free < needed.memory {
            return Finding(
                .warn, name, text,
                "what stores have in memory must fit: mount -o remount,size=2G /dev/shm, or docker run --shm-size=2g")
        }
        return Finding(.ok, name, text)
    }

    private static var overcommit: Finding {
        switch SystemFacts.text("/proc/sys/vm/overcommit_memory") {
        case "0", "1": return Finding(.ok, "overcommit", "addresses that are only reserved cost nothing")
        case "2":
            return Finding(
                .warn, "overcommit", "the system counts memory strictly (vm.overcommit_memory = 2)",
                "stores work; if opening one fails for want of memory, raise vm.overcommit_ratio")
        default: return Finding(.warn, "overcommit", "cannot be found out", "is /proc mounted?")
        }
    }

    /// systemd takes away what a user has in shared memory when he logs out, unless he is a user of the system.
    private static var removal: Finding {
        let name = "RemoveIPC"
        guard SystemFacts.exists("/run/systemd/system") else { return Finding(.ok, name, "there is no systemd here") }
        let isOff = ["no", "false", "off", "0", "n", "f"].contains(
            (SystemFacts.loginSetting(name) ?? "yes").lowercased())
        if isOff { return Finding(.ok, name, "systemd leaves shared memory alone") }
        if getuid() < 1000 { return Finding(.ok, name, "on, which does not concern user \(getuid())") }
        return Finding(
            .warn, name, "systemd removes a user's shared memory when he logs out",
            "for services of an ordinary user: RemoveIPC=no in /etc/systemd/logind.conf, or loginctl enable-linger")
    }

    private static var largePages: Finding {
        let name = "large pages"
        let setting = SystemFacts.text("/sys/kernel/mm/transparent_hugepage/shmem_enabled") ?? ""
        let chosen = setting.split(separator: "[").last?.split(separator: "]").first.map(String.init) ?? "unknown"
        let isNew = SystemFacts.kernelVersion.map { ($0.major, $0.minor) >= (6, 1) } ?? false
        let asked =
            isNew ? "stores that ask for them (prefersLargePages) get them" : "Linux 6.1 gives them to those who ask"
        return Finding(.ok, name, "shared memory: \(chosen); \(asked)")
    }

    // MARK: The kernel

    private static var robustLocks: Finding {
        if KernelSupport.tellsOfDeadHolders { return Finding(.ok, "dead holders", "locks say when their holder died") }
        return Finding(
            .fail, "dead holders", "a lock does not say that its holder died",
            "robust futexes are missing: no store can be kept whole on this kernel")
    }

    private static var barrier: Finding {
        if KernelSupport.hasMemoryBarrier { return Finding(.ok, "membarrier", "writers need no fence") }
        return Finding(
            .warn, "membarrier", "the kernel refuses it (a seccomp filter?)",
            "stores work, and storing a word takes some nanoseconds more: allow the call 'membarrier'")
    }

    private static var waiting: Finding {
        if KernelSupport.waitsForSeveral { return Finding(.ok, "futex_waitv", "one thread waits for several things") }
        return Finding(
            .warn, "futex_waitv", "is missing: Linux 5.16 has it",
            "stores work; who waits for several things at once looks at them in turn")
    }

    private static var kernel: Finding {
        let release = SystemFacts.kernelRelease
        guard let version = SystemFacts.kernelVersion else {
            return Finding(.warn, "kernel", "Linux \(release)", "its version makes no sense")
        }
        if (version.major, version.minor) >= (5, 4) { return Finding(.ok, "kernel", "Linux \(release)") }
        return Finding(.warn, "kernel", "Linux \(release)", "older than what stores are tested on (5.4)")
    }

    // MARK: Limits

    private static var fileLimit: Finding {
        guard let limit = SystemFacts.limit(RLIMIT_FSIZE) else {
            return Finding(.ok, "file size", "not limited")
        }
        let level: Finding.Level = limit < 4 << 20 ? .fail : .warn
        return Finding(
            level, "file size", "limited to \(HumanUnits.bytes(limit))",
            "memory and files of stores can be no larger: ulimit -f unlimited, or LimitFSIZE= in the service")
    }

    private static var addressLimit: Finding {
        let reserve = Store.Options().addressReserve
        guard let limit = SystemFacts.limit(RLIMIT_AS) else {
            return Finding(.ok, "addresses", "not limited")
        }
        guard limit < reserve + 8 << 30 else {
            return Finding(.ok, "addresses", "limited to \(HumanUnits.bytes(limit))")
        }
        return Finding(
            .fail, "addresses",
            "limited to \(HumanUnits.bytes(limit)); each open store reserves \(HumanUnits.bytes(reserve))",
            "ulimit -v unlimited, or open stores with a smaller addressReserve")
    }

    // MARK: The disk

    private static var library: Finding {
        let version = DatabaseLibrary.version
        let text = "LMDB \(version.major).\(version.minor).\(version.patch)"
        if (version.major, version.minor, version.patch) >= (0, 9, 18) { return Finding(.ok, "database", text) }
        return Finding(.warn, "database", text, "older than what stores are tested with (0.9.24)")
    }

    /// The path, or the directory that a store would be made in.
    private static func existing(_ path: String) -> String {
        if SystemFacts.exists(path) { return path }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func fileSystem(of store: String) -> Finding {
        let path = existing(store)
        guard SystemFacts.exists(path) else {
            return Finding(.fail, "file system", "there is no '\(path)'", "make the directory, or check the path")
        }
        if let name = NetworkFileSystem.name(at: path) {
            return Finding(
                .fail, "file system", "'\(path)' lies on \(name), where memory maps and locks are not reliable",
                "put the store on a local disk")
        }
        if !SystemFacts.canWrite(path) {
            return Finding(
                .warn, "file system", "'\(path)' cannot be written", "it can only be looked at: ask its owner")
        }
        return Finding(.ok, "file system", "'\(path)' is local")
    }

    private static func room(at store: String) -> Finding {
        guard let space = SystemFacts.space(at: existing(store)) else {
            return Finding(.warn, "disk", "cannot be found out")
        }
        let text = "\(HumanUnits.bytes(space.free)) free of \(HumanUnits.bytes(space.total))"
        if space.free >= needed.comfortable { return Finding(.ok, "disk", text) }
        return Finding(
            space.free < 1 << 20 ? .fail : .warn, "disk", text,
            "checkpoints fail on a full disk: make room ('cellar compact')")
    }
}
