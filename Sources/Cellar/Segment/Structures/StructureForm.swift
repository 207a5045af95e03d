/// Kinds of structures: the first word of a form's text.
@usableFromInline
enum StructureKind: String, Sendable, CaseIterable {
    case queue
    case log
    case pipe, list, block
    case mutex, semaphore, event, condition, barrier, latch, once
    case recursiveMutex = "recursive-mutex"
    case readWriteLock = "read-write-lock"
}

/// What a structure is: its kind, what was settled when it was made, and what follows from that.
@usableFromInline
struct StructureForm: Hashable, Sendable {
    var kind: StructureKind
    /// One line, kept on disk: the kind, and what cannot change later.
    var text: String
    /// Bytes of the content, which is on disk where the structure is persistent.
    var byteCount: Int
    var index: Index

    /// What is in memory only, and can be made anew from the content.
    struct Index: Hashable, Sendable {
        var byteCount: Int
        /// Futex words in it, on which those sleep who wait: after a death, all of them are woken.
        var bellCount = 0
        var bellStride = 4
        /// Where the first is, from the start of the index.
        var firstBell = 0
    }
}

extension StructureForm {
    /// Nil for what no structure's text is.
    init?(parsing text: String) {
        let word = text.prefix { $0 != " " }
        guard let kind = StructureKind(rawValue: String(word)) else { return nil }
        let form: StructureForm?
        switch kind {
        case .queue: form = QueueShape(parsing: text)?.form
        case .log: form = LogShape(parsing: text)?.form
        case .pipe: form = PipeShape(parsing: text)?.form
        case .list: form = ListShape(parsing: text)?.form
        case .block: form = BlockShape(parsing: text)?.form
        case .mutex, .recursiveMutex, .readWriteLock, .semaphore, .event, .condition, .barrier, .latch, .once:
            form = SyncShape(parsing: text, kind)?.form
        }
        guard let form, form.text == text else { return nil }
        self = form
    }
}

/// Reads a form's text: a word, then `name=number` each after a space, and perhaps a last field of any characters.
struct FormText {
    private var rest: Substring

    init?(_ text: String, _ kind: StructureKind) {
        guard text.utf8.starts(with: kind.rawValue.utf8) else { return nil }
        rest = Substring(text.utf8.dropFirst(kind.rawValue.utf8.count))
    }

    /// Whether it is a number that can be read back.
    static func holds(_ number: Int) -> Bool { (0...Int.max >> 16).contains(number) }

    mutating func number(_ name: String) -> Int? {
        guard let field = start(of: name) else { return nil }
        let digits = field.prefix { $0 != UInt8(ascii: " ") }
        guard let number: UInt64 = DecimalText.parse(digits), number <= UInt64(Int.max >> 16) else { return nil }
        rest = Substring(field.dropFirst(digits.count))
        return Int(number)
    }

    /// The last field.
    mutating func last(_ name: String) -> String? {
        guard let field = start(of: name) else { return nil }
        rest = ""
        return String(Substring(field))
    }

    var isAtEnd: Bool { rest.isEmpty }

    private func start(of name: String) -> Substring.UTF8View? {
        let prefix = " \(name)="
        guard rest.utf8.starts(with: prefix.utf8) else { return nil }
        return rest.utf8.dropFirst(prefix.utf8.count)
    }
}
