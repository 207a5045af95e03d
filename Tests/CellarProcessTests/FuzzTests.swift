import CellarTestSupport
import Testing

struct FuzzTests {
    private func fuzz(_ arguments: String...) throws -> Tool.Run {
        try withScratchStore { scratch in
            try Tool.run(arguments.map { Array($0.utf8) }, of: "cellar-fuzz", in: scratch.directory)
        }
    }

    /// Whatever is damaged, in memory or on disk: an error or an answer.
    @Test func aDamagedStoreNeitherTrapsNorHangs() throws {
        let outcome = try fuzz("--seconds", "10")
        print("fuzz: \(outcome.output)")
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(" failed=0 "))
        #expect(!outcome.output.contains("segment=0 "))
        #expect(!outcome.output.contains("lmdb=0 "))
    }

    /// What traps and what hangs is found, with the case that does it again. The run ends when it is past that.
    @Test(arguments: ["trap", "hang"])
    func whatIsBrokenOnPurposeIsFound(_ what: String) throws {
        let outcome = try fuzz("--seconds", "60", "--patience", "2", "--sabotage", what)
        #expect(outcome.status == 1)
        #expect(!outcome.output.contains(" failed=0 "))
        #expect(outcome.output.contains("--case 7\n"))
    }
}
