import Glibc

/// Sixteen bytes that identify something: a store, or a boot of the machine.
struct Identity: Hashable, Sendable {
    var high: UInt64
    var low: UInt64

    /// A random identity.
    static func random() -> Identity {
        var generator = SystemRandomNumberGenerator()
        return Identity(high: generator.next(), low: generator.next())
    }

    /// Thirty-two hexadecimal digits; dashes are passed over.
    init?(hexadecimal text: some StringProtocol) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
        guard digits.count == 32, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        let ascii = String(decoding: digits, as: UTF8.self)
        guard let high = UInt64(ascii.prefix(16), radix: 16), let low = UInt64(ascii.suffix(16), radix: 16) else {
            return nil
        }
        self.init(high: high, low: low)
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    var hexadecimal: String { Self.padded(high) + Self.padded(low) }

    private static func padded(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Who and where we are.
enum MachineIdentity {
    /// Identifies the time since the machine's last start. The same in every container of the machine.
    static func bootID() throws(StoreError) -> Identity {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let identity = Identity(hexadecimal: try readSmallFile(path).filter { !$0.isWhitespace }) else {
            throw StoreError(.systemFailure, "'\(path)' does not hold a boot id; is /proc mounted?")
        }
        return identity
    }

    /// Tells apart, while they exist, the containers in which one path leads to different places. 0 if it cannot be told.
    static func mountNamespace() -> UInt64 {
        var status = stat()
        return unsafe stat("/proc/self/ns/mnt", &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// The path from the root, without symbolic links; nil if it is not text, or leads nowhere.
    static func absolutePath(_ path: String) -> String? {
        guard let found = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(validatingCString: found)
    }

    /// The name the kernel has for this process's program.
    static func programName() -> String {
        let name = (try? readSmallFile("/proc/self/comm")) ?? ""
        return String(name.prefix { $0 != "\n" })
    }

    private static func readSmallFile(_ path: String) throws(StoreError) -> String {
        let file = try FileDescriptor.open(path, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file.number, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw .system("read '\(path)'", errno) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
