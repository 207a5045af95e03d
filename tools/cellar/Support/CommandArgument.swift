import ArgumentParser

/// A command that a verb runs, after `--`.
struct CommandArgument: ParsableArguments {
    @Argument(parsing: .postTerminator, help: ArgumentHelp("The command, after --.", valueName: "command"))
    var words: [String] = []

    func validate() throws {
        if words.first?.isEmpty == true { throw ValidationError("The name of a command is not empty") }
    }

    /// The command; throws where there has to be one.
    func required() throws -> [String] {
        guard !words.isEmpty else { throw ValidationError("Say after -- which command to run") }
        return words
    }
}
