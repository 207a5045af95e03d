import ArgumentParser
import Cellar

struct WithEnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "with-env", abstract: "Runs a command with values of cells in its environment.",
        discussion: """
            VAR=NAME gives the variable VAR what the cell NAME holds, as 'cellar get' prints it: an element (NAME[3]), a field \
            (NAME.x), a key of a dictionary or table (NAME[KEY]). Lists and structs are JSON, with --json text too. All are read \
            before the command begins; it does not see later changes.

            The command takes the place of this process: its exit status and its signals are its own. 127 if there is none.

              cellar with-env robot.cellar SPEED=speed HOST='config[host]' -- ./drive
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "Gives text as JSON, in quotes.") var json = false
    @Argument(help: "VAR=NAME, any number of them; then, after --, the command.") var words: [String] = []

    private var variables: ArraySlice<String> { words.prefix { $0.contains("=") && !$0.hasPrefix("=") } }
    /// As env(1) has it: the first word without a sign of equality begins the command.
    private var command: ArraySlice<String> { words.dropFirst(variables.count) }

    func validate() throws {
        if command.first?.isEmpty ?? true { throw ValidationError("Say after -- which command to run") }
    }

    func run() throws {
        try setVariables()
        try ChildProcess.replaceThisProcess(by: Array(command))
    }

    private func setVariables() throws {
        let store = try store.look()
        defer { store.close() }
        for variable in variables {
            let equals = variable.firstIndex(of: "=")!
            let value = try Self.value(String(variable[variable.index(after: equals)...]), json: json, in: store)
            if value.utf8.contains(0) {
                throw ToolError(.badData, "the value for '\(variable)' has a zero byte in it: no variable can")
            }
            try SystemCall.setEnvironment(String(variable[..<equals]), value)
        }
    }

    private static func value(_ text: String, json: Bool, in store: Store) throws -> String {
        if let (source, key) = try EntrySource.entry(text, in: store) {
            guard let value = try source.values(for: key).first else {
                throw ToolError(.noInput, "the \(source.kind) '\(source.name)' has no key '\(key)'")
            }
            return json ? value.json : value.description
        }
        let path = try CellPath(text, in: store)
        let cell = try store.cell(path.name)
        var parts: [CellContent] = []
        try cell.forEachContent(in: path.range(in: cell.info)) { parts.append(try path.part(of: $0)) }
        let content = path.isSingle(in: cell.info) ? parts[0] : .list(parts)
        return json ? content.json : content.variable
    }
}

extension CellContent {
    /// As the value of a variable: text as it is, and what has parts as JSON.
    fileprivate var variable: String {
        switch self {
        case .text(let text): text
        case .list, .object: json
        default: description
        }
    }
}
