/// A value for people: what the bytes of a cell mean, without the Swift type they came from.
///
/// `Schema.content(of:)` reads one from bytes, `Schema.bytes(of:over:)` turns one into bytes. It has a text for people
/// (`description`), a text for programs (`json`), and can be read from either.
public indirect enum CellContent: Hashable, Sendable {
    /// A whole number of any type but `UInt128`.
    case integer(Int128)
    /// A whole number of type `UInt128`.
    case unsigned(UInt128)
    /// A `Float`, or a `Float16` as the `Float` with the same shortest text.
    case float(Float)
    /// A `Double`.
    case floating(Double)
    /// Of a `Bool`.
    case boolean(Bool)
    /// An `InlineString`'s text, or the name of an enum's case.
    case text(String)
    /// The elements of an `InlineArray`, or the lanes of a SIMD vector.
    case list([CellContent])
    /// The fields of a struct in order, or of a tuple with names ".0", ".1", ….
    case object([Member])

    /// A named part of an object.
    public struct Member: Hashable, Sendable {
        /// The field's name.
        public var name: String
        /// What the field holds.
        public var value: CellContent

        /// A field with what it holds.
        public init(name: String, value: CellContent) {
            self.name = name
            self.value = value
        }
    }

    /// The `Float` that reads like the number: `Float16(0.1)` is 0.1, not 0.099975586.
    init(_ number: Float16) { self = .float(Float(number.description) ?? Float(number)) }
}

/// Where in a value something is wrong, for messages.
struct ContentPath: CustomStringConvertible {
    enum Step {
        case field(String)
        case element(Int)
    }

    private var steps: [Step] = []

    mutating func enter(_ step: Step) { steps.append(step) }
    mutating func leave() { steps.removeLast() }

    /// "the value", "element [3]" or "field 'path.points[3].x'".
    var description: String {
        guard !steps.isEmpty else { return "the value" }
        var text = ""
        var hasField = false
        for step in steps {
            switch step {
            case .element(let index): text += "[\(index)]"
            case .field(let name):
                hasField = true
                text += text.isEmpty || name.hasPrefix(".") ? name : ".\(name)"
            }
        }
        return hasField ? "field '\(text)'" : "element \(text)"
    }
}
