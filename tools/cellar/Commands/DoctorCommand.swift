import ArgumentParser
import Cellar

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Looks whether this machine has what stores need, and says what to do.",
        discussion: """
            A line for each thing: ok, warn (works, but not as well as it could, or not for long), fail; below it what to do. \
            With a store, or the place for one, its file system is looked at, too. Changes nothing.

            Exit status 0 unless something fails.

              cellar doctor
              cellar doctor robot.cellar
            """)

    @Argument(help: "A store's directory, or where one is to be.", completion: .directory) var store: String?
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let findings = Examination.run(store: store)
        let output = Output()
        for finding in findings {
            for line in json ? [finding.json] : finding.lines { try output.line(line) }
        }
        try output.flush()
        if findings.contains(where: { $0.level == .fail }) { throw ExitCode(1) }
    }
}
