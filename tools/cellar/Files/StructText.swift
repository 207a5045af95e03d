import Cellar

/// The text of a struct's schema, of which only the fields' names and types are known.
enum StructText {
    /// The fields one after the other, each where its type may lie; nil if there are none, or a type is none.
    static func text(_ fields: [(name: String, type: String)]) -> String? {
        var (parts, end): ([String], Int) = ([], 0)
        for field in fields {
            guard let schema = try? Schema(parsing: field.type) else { return nil }
            let offset = (end + schema.alignment - 1) / schema.alignment * schema.alignment
            parts.append("\(quoted(field.name)): \(field.type) @\(offset)")
            end = offset + schema.size
        }
        return parts.isEmpty ? nil : "{" + parts.joined(separator: ", ") + "}"
    }

    private static func quoted(_ name: String) -> String {
        let scalars = name.unicodeScalars.map { scalar in
            guard scalar == "\"" || scalar == "\\" || scalar.value < 0x20 || scalar.value == 0x7F else {
                return String(scalar)
            }
            return "\\" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        }
        return "\"" + scalars.joined() + "\""
    }
}
