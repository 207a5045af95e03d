import BenchmarkSupport
import Glibc

/// Keeps the programs running, and has them work in turn.
final class Session {
    private let setting: Setting
    private let directory: String
    private var running: [Runner: LineProcess] = [:]
    /// Of those that cannot be started.
    private var missing: [Program: String] = [:]

    /// Loading a store of ten million entries is the longest.
    private static let preparing = 600.0
    private static let working = 120.0

    init(_ setting: Setting) {
        self.setting = setting
        signal(SIGPIPE, SIG_IGN)
        directory = "/tmp/cellar-compare-\(getpid())"
        unsafe mkdir(directory, 0o700)
    }

    func end() {
        for process in running.values { process.end() }
        running = [:]
        _ = unsafe rmdir(directory)
    }

    /// A row's figures: whoever cannot do it, or fails, is in it with a reason.
    func measure(_ row: Row) -> RowResult {
        var parties: [Party] = []
        for opponent in [Opponent(.cellar)] + row.opponents {
            let number = parties.count { $0.runner.program == opponent.program }
            parties.append(Party(opponent, row, Runner(program: opponent.program, number: number)))
        }
        for index in parties.indices { prepare(&parties[index]) }
        for round in 0..<setting.rounds {
            // Another goes first each time.
            for place in parties.indices {
                let index = (place + round) % parties.count
                if parties[index].failure == nil { work(&parties[index]) }
            }
        }
        for party in parties where party.failure == nil { _ = ask(party.runner, "finish", Self.working) }
        return RowResult(row, parties)
    }

    /// Cellar's figure of one work, for a curve.
    func figure(_ work: String, _ parameters: String) -> Samples? {
        let result = measure(Row(work, work, parameters))
        return result.parties[0].samples.isEmpty ? nil : Samples(result.parties[0].samples)
    }

    private func prepare(_ party: inout Party) {
        let answer = ask(
            party.runner, "prepare \(party.work) \(party.parameters) ms=\(setting.ms)", Self.preparing)
        if answer != "ok" { party.failure = answer }
    }

    private func work(_ party: inout Party) {
        let answer = ask(party.runner, "run", Self.working)
        if answer.hasPrefix("ok "), let figure = Double(answer.dropFirst(3)), figure.isFinite {
            party.samples.add(figure)
        } else {
            party.failure = answer
            _ = ask(party.runner, "finish", Self.working)
        }
    }

    /// A program that does not answer is ended, and started again when it is asked next.
    private func ask(_ runner: Runner, _ line: String, _ seconds: Double) -> String {
        if let reason = missing[runner.program] { return "skip \(reason)" }
        do {
            return try process(runner).ask(line, seconds: seconds)
        } catch LineProcess.Failure.cannotStart {
            missing[runner.program] = "is not there"
            return "skip is not there"
        } catch {
            if let process = running.removeValue(forKey: runner) {
                process.kill(SIGTERM)
                process.end()
            }
            return "error \(error)"
        }
    }

    private func process(_ runner: Runner) throws -> LineProcess {
        if let process = running[runner] { return process }
        let command = runner.program.command(setting, directory: directory, number: runner.number)
        let process = try LineProcess(command[0], Array(command.dropFirst()))
        running[runner] = process
        return process
    }
}

/// One that runs: who takes part in a row in two ways has two of them.
struct Runner: Hashable {
    let program: Program
    let number: Int
}

/// One that takes part in a row.
struct Party {
    let opponent: Opponent
    let runner: Runner
    let work: String
    let parameters: String
    var samples = Samples()
    var failure: String?

    init(_ opponent: Opponent, _ row: Row, _ runner: Runner) {
        self.opponent = opponent
        self.runner = runner
        work = opponent.work ?? row.work
        parameters = [row.parameters, opponent.parameters].filter { !$0.isEmpty }.joined(separator: " ")
    }
}
