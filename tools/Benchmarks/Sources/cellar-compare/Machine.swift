import Glibc

/// What the figures were measured on.
struct Machine: Codable {
    let processor: String
    let processors: Int
    let kernel: String
    let memory: Int

    init() {
        processor =
            Self.lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }?.split(separator: ":").last
            .map { String($0.drop { $0 == " " }) } ?? "unknown processor"
        processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        kernel = Self.lines("/proc/sys/kernel/osrelease").first ?? "unknown"
        memory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    var line: String { "\(processor), \(processors) processors, \(memory >> 30) GiB, Linux \(kernel)" }

    private static func lines(_ path: String) -> [String] {
        guard let file = unsafe fopen(path, "r") else { return [] }
        defer { unsafe fclose(file) }
        var lines: [String] = []
        var line = [CChar](repeating: 0, count: 4096)
        while unsafe fgets(&line, Int32(line.count), file) != nil {
            let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
            lines.append(String(decoding: bytes, as: UTF8.self))
        }
        return lines
    }
}
