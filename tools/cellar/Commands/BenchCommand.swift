import ArgumentParser
import Cellar
import Glibc

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures the main operations on this machine, in a scratch store; takes some seconds.",
        discussion: """
            One process, one thread, nobody else at the store. Each figure is the median of 15 rounds, with what eight of ten \
            rounds lie between; where there is something that the machine does without a store, how many times as long it is. \
            The figures of the disk are those of the file system that the directory lies on.

              cellar bench
              cellar bench /data
            """)

    @Argument(help: "Where to make the scratch store, which is removed afterwards.", completion: .directory)
    var directory = "/tmp"
    @Flag(help: "One JSON object a line.") var json = false

    func run() throws {
        let path = "\(directory)/cellar-bench-\(getpid())"
        let store = try Store.open(path, Self.options)
        defer {
            store.close()
            try? Store.remove(path)
        }
        TerminatingSignals.block()
        defer { TerminatingSignals.unblock() }
        let output = Output()
        if !Self.isOptimised, !json {
            try output.line(
                "This tool was built without optimisation, and so are the figures: build it with -c release.\n")
        }
        var measured: [String: Measurement] = [:]
        try Bench(store).run { measurement in
            try TerminatingSignals.check()
            measured[measurement.name] = measurement
            let baseline = measurement.baseline.flatMap { measured[$0] }
            try show(measurement, baseline, on: output)
        }
    }

    private func show(_ measurement: Measurement, _ baseline: Measurement?, on output: Output) throws {
        if json {
            try output.line(measurement.json(isOptimised: Self.isOptimised))
        } else {
            let row = zip(measurement.row(beside: baseline), [20, 9, 20, 0]).map { Printable.padded($0, to: $1) }
            try output.line(row.joined(separator: "  ").trimmedEnd)
        }
        try output.flush()
    }

    private static var options: Store.Options {
        var options = Store.Options()
        options.processName = "cellar bench"
        return options
    }

    private static var isOptimised: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }
}

extension String {
    fileprivate var trimmedEnd: String {
        var text = self[...]
        while text.hasSuffix(" ") { text = text.dropLast() }
        return String(text)
    }
}
