import CellarTestSupport
import Testing

/// Whoever writes what others see names the step, so that a process can be killed there.
struct CrashPointTests {
    /// What writes to shared memory or to the database. (The layer below, with the operations themselves, has no steps.)
    private static var writes: Regex<(Substring, Substring?, Substring?, Substring?)> {
        #/
        \.(setRelaxed|setOrdered|compareExchange|formOr|formAnd)\(
        | \.release\([^)]
        | \.exchange\((?!.*ordering:)
        | \.(copyIn|copyInAligned|copyMemory|initializeMemory)\(
        | \bmemcpy\( | \bmdb_(put|del|drop|txn_commit)\(
        /#
    }
    private static var function: Regex<(Substring, Substring?, Substring?, Substring)> {
        #/^ *(@\S+ )*(\w+ )*(func |init\(|init<|subscript)/#
    }

    @Test func everyFunctionThatWritesHasACrashPoint() {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        var checked = 0
        var without: [String] = []
        for layer in ["Segment", "Persistence", "Attachment", "Cells", "Tables", "Sync", "Store"] {
            for path in Files.tree(root + "/Sources/Cellar/" + layer) where path.hasSuffix(".swift") {
                for function in Self.functions(Files.text(path)) where function.code.contains(Self.writes) {
                    checked += 1
                    let text = function.text
                    if text.contains("crashPoint(") || text.contains("noteChange(") || text.contains("noteValue(") {
                        continue
                    }
                    if !text.contains("// No crash point: ") { without.append("\(path): \(function.head)") }
                }
            }
        }
        print("functions that write what others see: \(checked)")
        #expect(checked > 80)
        #expect(without == [], "they need a crashPoint(…), or a line '// No crash point: …' that says why not")
    }

    private struct Function {
        let head: Substring
        let text: String
        /// Without comments, and without what is this process's own.
        let code: String
    }

    /// From each function's first line to the brace that closes it, which stands below the first line's beginning.
    private static func functions(_ text: String) -> [Function] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var found: [Function] = []
        for (start, head) in lines.enumerated() where head.prefixMatch(of: function) != nil {
            let indent = head.prefix { $0 == " " }
            let isOneLine = head.hasSuffix("}") && head.contains("{")
            let end = isOneLine ? start : lines[start...].firstIndex { $0 == indent + "}" } ?? start
            let body = lines[start...end]
            let code = body.map { line in line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line }
            // What a type does with things of this process.
            let shared = code.joined(separator: "\n").replacing(#/\b[A-Z]\w*\.release\(/#, with: "")
            found.append(Function(head: head, text: body.joined(separator: "\n"), code: shared))
        }
        return found
    }
}
