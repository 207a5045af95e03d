import CellarTestSupport
import Testing

struct TortureTests {
    private func torture(_ arguments: String...) throws -> Tool.Run {
        try withScratchStore { scratch in
            try Tool.run(arguments.map { Array($0.utf8) }, of: "cellar-torture", in: scratch.directory)
        }
    }

    @Test func nothingIsTornLostOrHangs() throws {
        let outcome = try torture("--seconds", "6")
        print("torture: \(outcome.output)")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains(" torn=0 lost=0 hung=0 errors=0 "))
        #expect(!outcome.output.contains("kills=0 "))
    }

    /// What is broken on purpose is found, and nothing else is taken for it. The run ends when it has found something: with
    /// little patience, that can be an operation which only takes long on a busy machine, so only a hang is looked for so.
    @Test(arguments: [("torn", "30"), ("lost", "30"), ("hung", "2")])
    func whatIsBrokenOnPurposeIsFound(_ what: String, patience: String) throws {
        let outcome = try torture("--seconds", "60", "--patience", patience, "--sabotage", what)
        #expect(outcome.status == 1)
        #expect(!outcome.output.contains(" \(what)=0 "))
    }
}
