import ArgumentParser
import Cellar
import Glibc

@main
struct CellarTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cellar",
        abstract: "Looks into and changes Cellar stores: values, arrays, tables and queues that programs share.",
        discussion: """
            A store is a directory. A cell is named as it was made; NAME[3] is one element of an array, NAME[0..<10] and \
            NAME[0...9] are several.

              cellar new robot.cellar speed --type double --value 0.5
              cellar add robot.cellar speed 0.25
              cellar dump robot.cellar

            ls, get, scan, dump, watch, history, top, stat, ps, locks, check and take --peek change nothing, and make nothing, in
            the store or in memory.

            Where a command line names no store, it is the one that CELLAR_STORE names.

            Exit status:
              0   done
              1   check: the store is not whole; doctor: this machine cannot; demo: the totals differ
              64  the command line is wrong
              65  a value does not fit its cell, or what is stored is damaged
              66  there is no such store, cell, table, key or file
              73  something cannot be made: it is there already, or there is no place
              74  input, output or the system failed: disk or memory full, store in use
              75  lock: it was not to be had in time
              77  no permission
              126, 127  lock, with-env, take: the command cannot be run, or is not there; else theirs is its status
            """,
        subcommands: [DemoCommand.self, DemoWorkerCommand.self, ManualCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Looking",
                subcommands: [
                    ListCommand.self, GetCommand.self, ScanCommand.self, DumpCommand.self, TopCommand.self,
                    WatchCommand.self, HistoryCommand.self, StatCommand.self, ProcessesCommand.self, LocksCommand.self,
                    SchemaCommand.self,
                ]),
            CommandGroup(
                name: "Changing",
                subcommands: [
                    NewCommand.self, SetCommand.self, AddCommand.self, RemoveCommand.self, RenameCommand.self,
                    PutCommand.self, TakeCommand.self, QueueCommand.self, LoadCommand.self, ImportCommand.self,
                    ExportCommand.self,
                ]),
            CommandGroup(name: "Running", subcommands: [LockCommand.self, WithEnvironmentCommand.self]),
            CommandGroup(
                name: "Keeping",
                subcommands: [
                    CheckCommand.self, BackupCommand.self, CompactCommand.self, CollectCommand.self, DoctorCommand.self,
                    BenchCommand.self, DiscardCommand.self,
                ]),
        ])

    static func main() {
        // A reader that went away is an error of write(), after which there is still something to put away.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot(CommandLineArguments.checked())
            try command.run()
        } catch {
            Ending.end(after: error)
        }
    }
}
