/// Names as they stand in Swift source.
enum SwiftNames {
    /// Words of the language, and types that generated ones must not hide.
    private static let keywords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init", "inout",
        "internal", "let", "open", "operator", "private", "precedencegroup", "protocol", "public", "rethrows", "static",
        "struct", "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do",
        "else",
        "fallthrough", "for", "guard", "if", "in", "repeat", "return", "switch", "throw", "where", "while", "Any", "as",
        "await", "false", "is", "nil", "self", "Self", "super", "throws", "true", "try", "Type", "Protocol",
    ]
    private static let types: Set<String> = [
        "Int", "Int8", "Int16", "Int32", "Int64", "Int128", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128",
        "Float", "Float16", "Double", "Bool", "String", "Array", "InlineArray", "InlineString", "InlineUUID", "SIMD2",
        "SIMD3", "SIMD4", "SIMD8", "SIMD16", "SIMD32", "SIMD64", "Sendable", "BitwiseCopyable", "CaseIterable", "Never",
        "Void", "Optional", "Type", "Protocol", "Self", "Any",
    ]

    /// The name of a field or a case: in backticks where it is no plain word. Nil where no Swift source can have it.
    static func identifier(_ name: String) -> String? {
        if isPlain(name) { return keywords.contains(name) ? "`\(name)`" : name }
        let isRaw =
            !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0 == " " || $0.value > 0x20 && $0.value < 0x7F && $0 != "`" && $0 != "\\"
            } && name.unicodeScalars.contains { $0 != " " && !"/=-+!*%<>&|^~?".unicodeScalars.contains($0) }
        return isRaw ? "`\(name)`" : nil
    }

    private static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first), name != "_" else {
            return false
        }
        return name.utf8.allSatisfy(isWordByte)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The name of a type for what is called so: `robot/left arm` gives `LeftArm`. One that no type of `taken` has.
    static func type(for name: String, taken: Set<String> = []) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let words = last.utf8.split { !isWordByte($0) || $0 == UInt8(ascii: "_") }.map { String(Substring($0)) }
        var result = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        if result.isEmpty { result = "Value" }
        if result.first!.isNumber { result = "Value" + result }
        let plain = result
        var number = 2
        while types.contains(result) || taken.contains(result) {
            result = types.contains(plain) && number == 2 ? plain + "Value" : "\(plain)\(number)"
            number += 1
        }
        return result
    }

    /// A string literal.
    static func literal(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            default:
                scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
                    || (0x2066...0x2069).contains(scalar.value)
                    ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
            }
        }
        return "\"" + escaped.joined() + "\""
    }
}
