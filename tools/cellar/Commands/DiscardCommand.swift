import ArgumentParser
import Cellar

struct DiscardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Forgets what is in memory and not on disk, as a restart would.",
        discussion: """
            For a store whose memory is damaged. Goes back to the last checkpoint: what changed since then, and every \
            volatile cell, is lost. No process may have the store open.

              cellar discard robot.cellar
            """)

    @OptionGroup var store: StoreArgument

    func run() throws { try Store.discardSegment(of: store.path) }
}
