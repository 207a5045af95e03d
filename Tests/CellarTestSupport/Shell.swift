import Glibc

/// Runs a shell command; returns its exit code and what it printed.
public func shell(_ command: String) -> (code: Int32, output: String) {
    guard let pipe = unsafe popen("(\(command)) 2>&1", "r") else { return (-1, "") }
    var output: [UInt8] = []
    var byte = unsafe getc(pipe)
    while byte != EOF {
        output.append(UInt8(truncatingIfNeeded: byte))
        byte = unsafe getc(pipe)
    }
    let status = unsafe pclose(pipe)
    return ((status >> 8) & 0xFF, String(decoding: output, as: UTF8.self))
}
