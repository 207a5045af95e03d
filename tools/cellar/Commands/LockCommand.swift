import ArgumentParser
import Cellar

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Runs a command while it holds a lock, as flock(1) does.",
        discussion: """
            The lock is a mutex, made if there is none of the name; or, if the name is a read-write lock's or a semaphore's, that: \
            alone, or with other readers (--shared); or with so many permits (--permits). Programs that use the same lock of the \
            store wait for the command, and it for them, for as long as it takes or for --timeout.

            Ends as the command does: with its status, or 128 and the number of the signal that ended it. Signals are passed on to \
            it. Where the lock was not to be had in time, the status is 75, or what --conflict-exit-code says; 127 where there is \
            no such command. If this process is killed the lock is free at once, though the command may go on.

            Where a process died that held a mutex, the command runs all the same; a line on standard error says so, and \
            CELLAR_HOLDER_DIED=1 is in its environment. A command that succeeds has put right what the dead one left.

              cellar lock robot.cellar deploy -- make install
              cellar lock robot.cellar map --shared --nonblocking -- ./draw
            """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The lock's name.", completion: Completions.name) var name: String
    @Option(help: "How long to wait for the lock: 5s, 250ms.") var timeout: TimeSpan?
    @Flag(help: "Does not wait for the lock.") var nonblocking = false
    @Flag(help: "With others that read; makes a read-write lock if there is none.") var shared = false
    @Option(help: "So many permits of a semaphore.") var permits: Int?
    @Option(
        name: [.customShort("E"), .long],
        help: "The exit status where the lock was not to be had in time (75).")
    var conflictExitCode: Int32 = ExitStatus.lockIsHeld.rawValue
    @OptionGroup var command: CommandArgument

    func validate() throws {
        if timeout != nil, nonblocking { throw ValidationError("--nonblocking does not wait, and has no --timeout") }
        if shared, permits != nil {
            throw ValidationError("--shared is for read-write locks, --permits for semaphores")
        }
        if let permits, permits < 1 { throw ValidationError("A number of permits is at least 1, not \(permits)") }
        if !(0...255).contains(conflictExitCode) { throw ValidationError("An exit status is 0 to 255") }
        _ = try command.required()
    }

    func run() throws {
        let command = try command.required()
        // The store's own threads leave them to this one, whom they end while it waits for the lock.
        ChildProcess.holdSignals()
        let store = try store.create()
        defer { store.close() }
        ChildProcess.releaseSignals()
        let lock = try HeldLock(name, isShared: shared, permits: permits, in: store)
        let patience = nonblocking ? nil : timeout?.duration ?? TimeSpan.forever
        let ending: ChildProcess.Ending?
        do {
            ending = try lock.whileHeld(patience: patience) { try Self.run(command, after: $0) }
        } catch let error as StoreError where error.code == .timedOut {
            Output.complain(error.message)
            throw ExitCode(conflictExitCode)
        }
        guard let ending else { throw ExitCode(conflictExitCode) }
        if ending.status != 0 { throw ExitCode(ending.status) }
    }

    private static func run(_ command: [String], after death: HeldLock.Death?) throws -> ChildProcess.Ending {
        if let death {
            Output.complain(death.message)
            try SystemCall.setEnvironment("CELLAR_HOLDER_DIED", "1")
        }
        ChildProcess.holdSignals()
        return try ChildProcess.start(command).wait()
    }
}
