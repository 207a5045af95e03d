import Cellar

/// An item of a queue in the hands of a command.
struct LeasedItem {
    private let lease: QueueLease<TableContent>
    private let leaseTime: Duration?

    init(_ lease: QueueLease<TableContent>, in queue: UntypedQueue) {
        self.lease = lease
        leaseTime = queue.leaseTime
    }

    /// Runs the command with the text as its standard input; keeps the lease from ending for as long.
    func run(_ command: [String], text: String) throws -> ChildProcess.Ending {
        try SystemCall.setEnvironment("CELLAR_SEQUENCE", "\(lease.sequence)")
        try SystemCall.setEnvironment("CELLAR_DELIVERIES", "\(lease.deliveries)")
        ChildProcess.holdSignals()
        defer { ChildProcess.releaseSignals() }
        let input = try CommandInput(Array(text.utf8))
        let child = try ChildProcess.start(command, input: input)
        guard let leaseTime else { return try child.wait(feeding: input) }
        return try child.wait(feeding: input, each: leaseTime / 3) { try lease.extend() }
    }
}
