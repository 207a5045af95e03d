/// A page of the documentation, for the tests that try what it says.
public struct DocumentationPage {
    /// A fenced block.
    public struct Block {
        public var language: String
        /// What a comment before it says of it.
        public var remark: String
        public var lines: [String]
        /// Line of the page that the first of them is.
        public var line: Int
        /// The heading that it is under.
        public var section: String

        public var text: String { lines.joined(separator: "\n") + "\n" }
        /// Of a block that begins with `// name`, the file that it is.
        public var file: String? {
            guard let first = lines.first, first.hasPrefix("// "), first.hasSuffix(".swift") else { return nil }
            return String(first.dropFirst(3))
        }
    }

    public let path: String
    public let blocks: [Block]

    public init(_ path: String) {
        self.path = path
        var blocks: [Block] = []
        var open: Block?
        var (section, remark) = ("", "")
        let lines = Files.text(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                let language = String(line.dropFirst(3))
                open =
                    open == nil
                    ? Block(language: language, remark: remark, lines: [], line: index + 2, section: section) : nil
                remark = ""
            } else if open != nil {
                open!.lines.append(line)
            } else if line.hasPrefix("## ") {
                section = String(line.dropFirst(3))
            } else if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
                remark = String(line.dropFirst(5).dropLast(4))
            }
        }
        self.blocks = blocks
    }

    /// Whether there is Swift in it.
    public var hasCode: Bool { blocks.contains { $0.language == "swift" } }

    /// A program of all blocks in Swift that are no files, in functions of a section each, or all in one. A block with the remark
    /// `endless`, or `endless task`, is compiled and not run, one of `another program` has a scope of its own, one with `task` is an
    /// asynchronous function, and one `of a manifest` is left out. Types and functions are declared outside.
    public func program(sectionBySection: Bool) -> String {
        var imports: Set = ["import Cellar", "import Glibc"]
        var declarations: [String] = []
        var functions: [Function] = []
        for block in blocks where block.language == "swift" && block.remark != "of a manifest" && block.file == nil {
            let isTask = block.remark == "task"
            let goesOn = functions.last.map {
                !isTask && !$0.isTask && (!sectionBySection || $0.section == block.section)
            }
            if goesOn != true { functions.append(Function(section: block.section, isTask: isTask)) }
            functions[functions.count - 1].body += Self.body(of: block, in: path, &imports, &declarations)
        }
        let bodies = functions.enumerated().flatMap { (number, function) in
            ["func section\(number)() \(function.isTask ? "async " : "")throws {"] + function.body + ["}"]
        }
        let calls = functions.enumerated().map { "        try \($1.isTask ? "await " : "")section\($0)()" }
        let effects = functions.contains(where: \.isTask) ? "async throws" : "throws"
        let main = ["@main struct Page {", "    static func main() \(effects) {"] + calls + ["    }", "}"]
        return (imports.sorted() + declarations + bodies + main).joined(separator: "\n") + "\n"
    }

    /// One of the program's.
    private struct Function {
        var section: String
        var isTask: Bool
        var body: [String] = []
    }

    private static func body(
        of block: Block, in path: String, _ imports: inout Set<String>, _ declarations: inout [String]
    ) -> [String] {
        let name = "block\(block.line)"
        let openings = [
            "endless": "func \(name)() throws {", "endless task": "func \(name)() async throws {",
            "another program": "do {",
        ]
        let opening = openings[block.remark]
        var body = [opening ?? "", "#sourceLocation(file: \"\(path)\", line: \(block.line))"]
        var lines = block.lines[...]
        while let line = lines.popFirst() {
            if line.hasPrefix("import ") {
                imports.insert(line)
                body.append("")
            } else if line.hasPrefix("struct ") || line.hasPrefix("func ") {
                declarations.append(line)
                body.append("")
                var depth = braces(line)
                while depth > 0, let next = lines.popFirst() {
                    declarations.append(next)
                    body.append("")
                    depth += braces(next)
                }
            } else {
                body.append(line)
            }
        }
        body += ["#sourceLocation()"] + (opening == nil ? [] : ["}"])
        return block.remark.hasPrefix("endless") ? body + ["_ = \(name)"] : body
    }

    /// How many more braces are opened than closed.
    private static func braces(_ line: String) -> Int {
        line.reduce(0) { $0 + ($1 == "{" ? 1 : $1 == "}" ? -1 : 0) }
    }
}
