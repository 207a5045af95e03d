import Cellar
import Glibc

/// What the system says of itself.
enum SystemFacts {
    /// The text of a small file; nil if it cannot be read.
    static func text(_ path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        guard count >= 0 else { return nil }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Bytes of a file system: all, and those that can still be had.
    static func space(at path: String) -> (total: Int, free: Int)? {
        var space = statvfs()
        guard unsafe statvfs(path, &space) == 0 else { return nil }
        let unit = Int(clamping: space.f_frsize)
        return (Int(clamping: space.f_blocks) * unit, Int(clamping: space.f_bavail) * unit)
    }

    /// The limit, or nil where there is none.
    static func limit(_ resource: __rlimit_resource) -> Int? {
        var limit = rlimit()
        guard unsafe getrlimit(Int32(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// As `6.1.0-13-amd64`.
    static var kernelRelease: String { text("/proc/sys/kernel/osrelease") ?? "unknown" }

    static var kernelVersion: (major: Int, minor: Int)? {
        let numbers = kernelRelease.split(separator: ".").prefix(2).map { Int($0.prefix(while: \.isNumber)) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        return (major, minor)
    }

    /// What systemd's configuration says of a word, the last file that says something first; nil if none does.
    static func loginSetting(_ word: String) -> String? {
        let folders = ["/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d", "/etc/systemd/logind.conf.d"]
        let pieces = folders.flatMap { folder in
            ((try? FileNames.of(folder)) ?? []).sorted().map { "\(folder)/\($0)" }
        }
        var setting: String?
        for path in ["/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf"] + pieces {
            for line in (text(path) ?? "").split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == word {
                    setting = parts[1].filter { !$0.isWhitespace }
                }
            }
        }
        return setting
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
    static func canWrite(_ path: String) -> Bool { unsafe access(path, W_OK | X_OK) == 0 }
}
