import ArgumentParser
import Cellar

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Prints Swift source of a type that has what is stored under a name.",
        discussion: """
            For a program that is to use what another one made. Types of Cellar (InlineString, InlineUUID) are called by their \
            names. Of a dictionary and a table there are two types, of keys and of values. Lines that begin with // say what \
            the source is for, and what no Swift type can be.

              cellar schema robot.cellar pose > Pose.swift
              cellar schema robot.cellar arm/left --type ArmState
              cellar schema robot.cellar pose --json
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "What it is stored under.", completion: Completions.name) var name: String
    @Option(help: ArgumentHelp("The type's name; made of the stored one if it is not given.", valueName: "name"))
    var type: String?
    @Flag(help: "The layout instead: one JSON object a line for each type.") var json = false

    func run() throws {
        let store = try store.look()
        defer { store.close() }
        let parts = try StoredTypes.of(name, in: store, type ?? SwiftNames.type(for: name))
        let output = Output()
        if json {
            for part in parts { try output.line(part.json) }
        } else {
            try Self.write(parts, to: output)
        }
        try output.flush()
    }

    private static func write(_ parts: [StoredTypes.Part], to output: Output) throws {
        let sources = parts.map(\.source)
        let needsImport = sources.contains { $0.contains { $0.contains("InlineString<") || $0.contains("InlineUUID") } }
        if needsImport { try output.line("import Cellar\n") }
        for (index, source) in sources.enumerated() {
            if index > 0 { try output.line("") }
            for line in source { try output.line(line) }
        }
    }
}
