/// The programs that are compared: each does the same works with what it stands for.
enum Program: String, Codable, CaseIterable {
    case cellar, bare, lmdb, sqlite, boost, redis, memcached, multiprocessing
    case lmdbPython = "lmdb-py"
    case fasterFifo = "faster-fifo"
    case iceoryx = "iceoryx2"
    case ultraDict = "ultradict"
    case posixIPC = "posix-ipc"

    var title: String {
        switch self {
        case .cellar: "Cellar"
        case .bare: "bare, in C"
        case .lmdb: "LMDB, in C"
        case .sqlite: "SQLite, in C"
        case .boost: "Boost.Interprocess"
        case .redis: "Redis"
        case .memcached: "memcached"
        case .multiprocessing: "multiprocessing"
        case .lmdbPython: "lmdb, in Python"
        case .fasterFifo: "faster-fifo"
        case .iceoryx: "iceoryx2, in Python"
        case .ultraDict: "UltraDict"
        case .posixIPC: "posix_ipc"
        }
    }

    private var script: String? {
        switch self {
        case .multiprocessing, .lmdbPython, .fasterFifo, .iceoryx, .ultraDict, .posixIPC:
            "\(self == .lmdbPython ? "lmdb" : rawValue.replacing("-", with: "_"))_peer.py"
        default: nil
        }
    }

    /// The program and its arguments.
    func command(_ setting: Setting, directory: String, number: Int) -> [String] {
        var command =
            script.map { ["\(setting.programs)/venv/bin/python", "\(setting.peers)/\($0)"] }
            ?? ["\(setting.programs)/bin/\(self == .cellar ? "cellar-peer" : rawValue)"]
        command += ["--directory", directory]
        switch self {
        case .redis:
            if let redis = setting.redis { command += ["--socket", redis] }
            // Who takes part twice has a database for each.
            command += ["--database", "\(number)"]
            if let durable = setting.redisDurable { command += ["--durable-socket", durable] }
        case .memcached: if let memcached = setting.memcached { command += ["--socket", memcached] }
        default: break
        }
        return command
    }
}
