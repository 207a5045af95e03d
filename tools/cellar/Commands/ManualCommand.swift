import ArgumentParser

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Prints the manual page, for 'man' (tools/install puts it where that looks).",
        discussion: """
              cellar manual | man -l -
            """)

    func run() throws {
        let output = Output()
        try output.write(Manual.page)
        try output.flush()
    }
}
