import ArgumentParser
import Cellar

struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact", abstract: "Gives the free pages of a store's file back to the disk.",
        discussion: """
            The file of a store never shrinks by itself: pages that are no longer needed are kept for what comes ('stat' \
            says how many are free). This writes the file anew without them, beside the old one, and then puts it in its place: \
            the disk needs room for both. Killed at any moment, there is the one or the other.

            Nobody may have the store open; who has is named. What is in memory stays there.

              cellar compact robot.cellar
            """)

    @OptionGroup var store: StoreArgument
    @Flag(help: "No progress bar.") var quiet = false
    @Flag(help: "One JSON object on one line.") var json = false

    func run() throws {
        let report = try LongWork.run("compact", isQuiet: quiet || json) {
            (report: LongWork.Report) throws(StoreError) in
            try Store.compact(store.path, report: report)
        }
        let (before, after) = (report.byteCountBefore, report.byteCountAfter)
        let output = Output()
        if json {
            var line = JSONLine()
            line.add("bytes_before", before)
            line.add("bytes_after", after)
            line.add("given_back", before - after)
            try output.line(line.closed)
        } else if before == after {
            try output.line("nothing to give back: it has \(HumanUnits.bytes(after))")
        } else {
            try output.line(
                "gave back \(HumanUnits.bytes(before - after)): it had \(HumanUnits.bytes(before)), and has "
                    + HumanUnits.bytes(after))
        }
        try output.flush()
    }
}
