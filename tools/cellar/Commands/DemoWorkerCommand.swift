import ArgumentParser

/// What `demo` starts; not for people.
struct DemoWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-worker", abstract: "One of the demo's processes.", shouldDisplay: false)

    @OptionGroup var store: StoreArgument
    @Option(help: "Its number, from 1.") var number: Int
    @Option(help: "The process without which it ends.") var parent: Int32

    func validate() throws {
        guard (1...DemoCells.workers).contains(number) else { throw ValidationError("There is no worker \(number)") }
    }

    func run() throws {
        try DemoWorker(storePath: store.path, number: number, parent: parent).run()
    }
}
