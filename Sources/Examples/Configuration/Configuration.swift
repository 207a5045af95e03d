// One cell holds the configuration of several services. Each is told when it changes, and always has the last one; a service
// that starts later, or after a restart of the machine, finds it as it is.

import Cellar
import ExampleSupport

/// Any plain struct can be in a cell.
struct Settings {
    var version = 1
    var requestsPerSecond = 100.0
    var isVerbose = false
}

@main
enum Configuration {
    static func main() async throws {
        let roles = Roles()
        let store = try Store.open(roles.path)
        let settings = try store.value("settings", initial: Settings())
        let applied = try store.dictionary("applied", keys: String.self, values: Int.self)
        if roles.role == "service" { return try await serve(roles.arguments[0], settings, applied) }

        defer { try? Store.remove(roles.path) }
        async let first = roles.start("service", "mail")
        async let second = roles.start("service", "search")
        for version in 1...3 {
            // The next change when both have this one: so that the example shows each. A slow service skips what it missed.
            while case let seen = try applied.version(), try !bothHave(version, applied) {
                _ = try applied.wait(after: seen, timeout: .seconds(10))
            }
            try settings.withLock { settings in
                settings.version += 1
                settings.requestsPerSecond *= 2
            }
        }
        _ = try await (first, second)
        Roles.say("Both services have the last settings.")
        store.close()
    }

    static func bothHave(_ version: Int, _ applied: SharedDictionary<String, Int>) throws -> Bool {
        try ["mail", "search"].allSatisfy { try applied[$0] ?? 0 >= version }
    }

    static func serve(
        _ name: String, _ settings: SharedValue<Settings>, _ applied: SharedDictionary<String, Int>
    ) async throws {
        for try await current in settings.updates {
            Roles.say("\(name): version \(current.version), \(current.requestsPerSecond) requests a second")
            try applied.set(current.version, for: name)
            if current.version == 4 { return }
        }
    }
}
