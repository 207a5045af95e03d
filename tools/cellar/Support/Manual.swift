import ArgumentParser

/// The manual page: what `--help` says, of the tool and of each verb, in the macros of man(7).
enum Manual {
    static var page: String {
        let verbs = CellarTool.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        var lines = [".TH CELLAR 1", ".SH NAME", "cellar \\- \(escaped(firstSentence))", ".SH SYNOPSIS"]
        lines += [".B cellar", "\\fIverb\\fR [\\fIarguments\\fR]", ".SH DESCRIPTION"]
        lines += asItStands(CellarTool.configuration.discussion)
        lines += [".SH ENVIRONMENT", ".TP", ".B CELLAR_STORE"]
        lines += ["The store, where the command line names none.", ".TP", ".B NO_COLOR", "If it is set: no colours."]
        lines.append(".SH VERBS")
        for verb in verbs {
            lines.append(".SS \(escaped(verb.configuration.commandName ?? ""))")
            lines += asItStands(CellarTool.helpMessage(for: verb, columns: 78))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static var firstSentence: String {
        String(CellarTool.configuration.abstract.prefix { $0 != ":" && $0 != "." })
    }

    private static func asItStands(_ text: String) -> [String] {
        [".nf"] + text.split(separator: "\n", omittingEmptySubsequences: false).map { escaped(String($0)) } + [".fi"]
    }

    /// Without what the formatter takes for its own.
    private static func escaped(_ line: String) -> String {
        var result = line.first == "." || line.first == "'" ? "\\&" : ""
        for character in line {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return result
    }
}
