import ArgumentParser
import Cellar

/// What a shell offers where a command line is being typed: stores, and names in the one that it is for.
///
/// Looks only, and says nothing where it cannot: whoever types wants no complaint.
struct Completions {
    /// Directories; where `CELLAR_STORE` names a store, names in it, too.
    static let store = CompletionKind.custom { words, index, _ in Completions(words, index).stores }
    /// Names in the store that was typed, or in the default one.
    static let name = CompletionKind.custom { words, index, _ in Completions(words, index).names }

    /// What a verb takes names of.
    private struct Wanted {
        /// Nil: all.
        var kinds: Set<CellInfo.Kind>?
        var takesTables = true
        var takesMany = false
    }

    private static let elements = Wanted(kinds: [.value, .array], takesTables: false)
    private static let queues = Wanted(kinds: [.queue], takesTables: false)
    private static let wanted: [String: Wanted] = [
        "ls": Wanted(takesMany: true), "dump": Wanted(takesMany: true), "watch": Wanted(takesMany: true),
        "history": Wanted(takesMany: true), "rm": Wanted(takesMany: true),
        "get": Wanted(), "set": Wanted(), "mv": Wanted(), "schema": Wanted(),
        "scan": Wanted(kinds: [.dictionary]),
        "add": elements, "import": elements, "export": elements,
        "put": queues, "take": queues, "queue": queues, "stat": queues,
        "lock": Wanted(kinds: [.mutex, .readWriteLock, .semaphore], takesTables: false),
    ]

    private let verb: String
    /// What is before the word that is being typed, without options.
    private let before: [String]
    private let typed: String

    private init(_ words: [String], _ index: Int) {
        verb = words.dropFirst().first ?? ""
        let end = min(max(index, 2), words.count)
        before = words.prefix(end).dropFirst(2).filter { !$0.hasPrefix("-") }.map(Self.unquoted)
        typed = end < words.count ? Self.unquoted(words[end]) : ""
    }

    // MARK: Names

    private var names: [String] {
        guard let wanted = Self.wanted[verb] else { return [] }
        let given = before.first { CommandLineArguments.isStore(Self.expanded($0)) }
        let place = CommandLineArguments.defaultStore
        guard let path = given ?? place ?? before.first else { return [] }
        // A store that is not typed leaves its place to the name.
        if given == nil, place != nil, !wanted.takesMany, !before.isEmpty { return [] }
        return names(wanted, in: Self.expanded(path))
    }

    private func names(_ wanted: Wanted, in path: String) -> [String] {
        guard let store = try? Store.open(path, .readOnly) else { return [] }
        defer { store.close() }
        var names: [String] = []
        if let listing = try? store.listing() {
            let kinds = listing.kinds.map { wanted.kinds?.contains($0.kind) ?? true }
            for entry in listing.entries where kinds[entry.kind] && entry.name.hasPrefix(typed) {
                names.append(entry.name)
            }
        }
        if wanted.takesTables {
            names += ((try? store.tables()) ?? []).map(\.name).filter { $0.hasPrefix(typed) && !names.contains($0) }
        }
        return Self.offered(names)
    }

    // MARK: Stores

    private var stores: [String] {
        let names = CommandLineArguments.defaultStore == nil ? [] : names
        let parent = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
        let start = String(typed.dropFirst(parent.count))
        let place = parent.isEmpty ? "." : Self.expanded(parent)
        let found = ((try? FileNames.of(place)) ?? []).filter { name in
            name.hasPrefix(start) && (!name.hasPrefix(".") || start.hasPrefix("."))
                && SystemCall.isDirectory("\(place)/\(name)")
        }
        return names + Self.offered(found.sorted().map { parent + $0 })
    }

    // MARK: As shells have it

    /// What was typed, without the marks that keep a shell from taking it apart.
    private static func unquoted(_ word: String) -> String {
        word.filter { !["\\", "'", "\""].contains($0) }
    }

    private static func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = SystemCall.environment("HOME") else { return path }
        return home + path.dropFirst()
    }

    /// One a line; what cannot stand on a line, or would command a terminal, is not offered. bash takes each as a word of the
    /// shell's, in which `$(…)` would be run: what has a meaning there loses it.
    private static func offered(_ names: [String]) -> [String] {
        let names = names.filter { Printable.line($0) == $0 && !$0.contains("\t") }
        return switch CompletionShell.requesting {
        case .bash?: names.map(quoted)
        // What is behind a colon describes.
        case .zsh?: names.map { $0.replacing(":", with: "\\:") }
        default: names
        }
    }

    private static func quoted(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.flatMap { isPlain($0) ? [$0] : ["\\", $0] }))
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.isASCII || scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "_-./,:+@%".unicodeScalars.contains(scalar)
    }
}
