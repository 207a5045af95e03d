import ArgumentParser
import Cellar

struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Closes a queue or opens it again, and deals with what was set aside.",
        discussion: """
            An item that was delivered as often as its queue allows (new --maximum-deliveries), and never acknowledged, is set \
            aside: 'dump' shows it as dead. Here all of them are delivered again, each in its place, or dropped; it says how many.

            Nothing can be put in a closed queue; who takes from it comes to the end when all is delivered.

              cellar queue robot.cellar jobs --retry-dead
              cellar queue robot.cellar jobs --close
            """)

    enum Change: String, EnumerableFlag {
        case retryDead, dropDead, close, reopen

        static func help(for value: Change) -> ArgumentHelp? {
            switch value {
            case .retryDead: "Has what was set aside delivered again."
            case .dropDead: "Removes what was set aside."
            case .close: "Nothing more can be put."
            case .reopen: "Undoes --close."
            }
        }
    }

    @OptionGroup var store: StoreArgument
    @Argument(help: "The queue's name.", completion: Completions.name) var queue: String
    @Flag var change: Change
    @Flag(help: "Ends when the change is on disk.") var sync = false

    func run() throws {
        let store = try store.change()
        defer { store.close() }
        let queue = try store.untypedQueue(queue)
        let output = Output()
        switch change {
        case .retryDead: try output.line("\(Printable.counted(queue.retryDead(), "item")) to be delivered again")
        case .dropDead: try output.line("\(Printable.counted(queue.removeDead(), "item")) dropped")
        case .close: try queue.close()
        case .reopen: try queue.reopen()
        }
        if sync { try queue.sync() }
        try output.flush()
    }
}
