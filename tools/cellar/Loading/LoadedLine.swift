import Cellar

/// One line of a dump, taken apart.
struct LoadedLine {
    enum Kind: String {
        case value, array, dictionary, table, multimap, queue, log, list, block, pipe
        case mutex, semaphore, event, condition, barrier, latch, once
        case recursiveMutex = "recursive-mutex"
        case readWriteLock = "read-write-lock"
    }

    let number: Int
    let object: JSONObject
    let name: String
    let kind: Kind

    init(_ text: [UInt8], _ number: Int) throws {
        self.number = number
        object = try JSONObject(JSONSlice(text))
        name = try object.required("name").string()
        let word = try object.required("kind").string()
        guard let kind = Kind(rawValue: word) else {
            throw ToolError(.badData, "'\(word.prefix(80))' is no kind of what a store holds")
        }
        self.kind = kind
    }

    var id: LoadedName { LoadedName(name: name, isTable: kind == .table || kind == .multimap) }

    /// Whether it is an entry or an item of what a line before made.
    var isPart: Bool {
        switch kind {
        case .dictionary, .table, .multimap: object.optional("key") != nil
        case .queue: object.optional("state") != nil
        default: false
        }
    }

    var lost: ToolError {
        ToolError(
            .badData,
            "it belongs to '\(name)', and no line right before says what that is: 'cellar dump --format json' writes one"
        )
    }

    func text(_ member: String) throws -> String { try object.required(member).string() }

    var persistence: Persistence {
        get throws { try object.required("persistent").boolean() ? .persistent : .volatile }
    }
}
