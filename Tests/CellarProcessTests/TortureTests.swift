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

    /// What is broken on purpose is found, and nothing else is taken for it.
    @Test(arguments: ["torn", "lost", "hung"])
    func whatIsBrokenOnPurposeIsFound(_ what: String) throws {
        let outcome = try torture("--seconds", "20", "--patience", "2", "--sabotage", what)
        #expect(outcome.status == 1)
        #expect(!outcome.output.contains(" \(what)=0 "))
    }
}
