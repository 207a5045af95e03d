import Cellar
import CellarTestSupport
import Glibc

/// Starts the workers, kills and stops them at random, drops the memory at times, and counts.
final class Director {
    private struct Place {
        var journal: Journal
        var worker: Worker?
        var life: UInt64 = 0
        /// When a stopped worker goes on, and how long it was stopped in its operation.
        var goesOn: Int?
        var stoppedSince = 0
    }

    private let directory: String
    private let path: String
    private let seed: UInt64
    private let seconds: Int
    private let patience: Int
    private let sabotage: Sabotage?
    private var random: SeededRandom
    private var places: [Place] = []
    /// The common counters as of the last time the memory was dropped.
    private var counterBase = 0
    private var lockedBase = 0

    private var kills = 0
    private var stops = 0
    private var restarts = 0
    private var reboots = 0
    private var hung = 0
    private var lost = 0
    private var errors = 0

    init(seed: UInt64, processes: Int, seconds: Int, patience: Int, sabotage: Sabotage?) throws {
        var template = Array("/tmp/cellar-torture-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { throw Failure("mkdtemp: \(errno)") }
        directory = made
        path = made + "/store"
        self.seed = seed
        self.seconds = seconds
        self.patience = patience
        self.sabotage = sabotage
        random = SeededRandom(seed: seed)
        for number in 0..<processes { places.append(Place(journal: try Journal("\(directory)/journal-\(number)"))) }
    }

    func tearDown() {
        for index in places.indices { places[index].worker?.kill() }
        try? Store.remove(path)
        Files.removeTree(directory)
    }

    var isClean: Bool { sum(.torn) == 0 && lost + sum(.lost) == 0 && hung == 0 && errors + sum(.errors) == 0 }

    var summary: String {
        "kills=\(kills) restarts=\(restarts) operations=\(sum(.operations)) torn=\(sum(.torn)) lost=\(lost + sum(.lost)) "
            + "hung=\(hung) errors=\(errors + sum(.errors)) stops=\(stops) reboots=\(reboots) seed=\(seed)"
    }

    private func sum(_ field: Journal.Field) -> Int { places.reduce(0) { $0 + $1.journal[field] } }

    // MARK: The run

    func run() throws {
        let store = try Store.open(path)
        try Commons(store).begin()
        try store.sync()
        store.close()
        for index in places.indices { try start(index) }
        let end = nanoseconds() + seconds * 1_000_000_000
        var nextLine = nanoseconds() + 1_000_000_000
        while nanoseconds() < end, isClean {
            usleep(UInt32.random(in: 5_000...60_000, using: &random))
            try disturb()
            try attend()
            if nanoseconds() >= nextLine {
                nextLine += 1_000_000_000
                report("\((end - nanoseconds()) / 1_000_000_000 + 1) s left: \(summary)")
            }
        }
        try finish()
    }

    private func disturb() throws {
        let index = Int.random(in: places.indices, using: &random)
        let choice = Int.random(in: 0..<100, using: &random)
        // Who is at something for long is left at it, so that a hang is seen to be one.
        if places.indices.contains(where: { timeSpent($0) > 500_000_000 && (choice >= 80 || $0 == index) }) { return }
        switch choice {
        case ..<55: try kill(index)
        case ..<80: stop(index, for: Int.random(in: 1...300, using: &random))
        case ..<83: try reboot()
        default: break
        }
    }

    /// Lets the stopped go on, starts anew who ended, and looks for who hangs.
    private func attend() throws {
        for index in places.indices {
            if let goesOn = places[index].goesOn, goesOn <= nanoseconds() { letGoOn(index) }
            if timeSpent(index) > patience * 1_000_000_000 {
                hung += 1
                report("worker \(index) has been at one operation for more than \(patience) s")
                places[index].worker?.kill()
            }
        }
    }

    /// How long a worker that runs has been at its operation.
    private func timeSpent(_ index: Int) -> Int {
        let began = places[index].journal[.began]
        guard began != 0, places[index].goesOn == nil else { return 0 }
        return nanoseconds() - max(began, places[index].stoppedSince)
    }

    private func start(_ index: Int, onlyLook: Bool = false) throws {
        places[index].life += 1
        places[index].stoppedSince = nanoseconds()
        places[index].journal[.began] = 0
        var command = [Self.program, "work", directory, "\(index)", "\(places[index].life)", "\(seed)"]
        if let sabotage { command += ["--sabotage", sabotage.rawValue] }
        if onlyLook { command.append("--only-look") }
        places[index].worker = try Worker(command: command)
        restarts += 1
    }

    private static let program = "/proc/\(getpid())/exe"

    private func kill(_ index: Int) throws {
        letGoOn(index)
        if let ending = places[index].worker?.kill(), ending != .signal(SIGKILL) { noteEnd(index, ending) }
        kills += 1
        try start(index)
    }

    private func noteEnd(_ index: Int, _ ending: Worker.Ending) {
        errors += 1
        report("worker \(index) ended by itself: \(ending)")
    }

    private func stop(_ index: Int, for milliseconds: Int) {
        guard places[index].goesOn == nil else { return }
        places[index].worker?.signal(SIGSTOP)
        places[index].goesOn = nanoseconds() + milliseconds * 1_000_000
        stops += 1
    }

    private func letGoOn(_ index: Int) {
        guard places[index].goesOn != nil else { return }
        places[index].worker?.signal(SIGCONT)
        places[index].goesOn = nil
        places[index].stoppedSince = nanoseconds()
    }

    // MARK: The memory dropped

    private func reboot() throws {
        for index in places.indices {
            letGoOn(index)
            places[index].worker?.kill()
            kills += 1
        }
        // Who looks and leaves writes what is dirty: at times the disk has what it has.
        if Bool.random(using: &random) { try checkCommons(.memory) }
        try checkStructures(afterwards: false)
        try Store.discardSegment(of: path)
        reboots += 1
        for index in places.indices { places[index].journal[.memoryDropped] = 1 }
        try checkCommons(.disk)
        for index in places.indices { try start(index) }
    }

    /// Kills damage nothing; and who comes next puts right what they left.
    private func checkStructures(afterwards: Bool) throws {
        for finding in try Store.check(path).findings
        where finding.kind == .damaged || afterwards && finding.kind == .unfinished {
            errors += 1
            report("\(finding.kind): \(finding.structure): \(finding.text)")
        }
    }

    private enum Residence { case memory, disk }

    /// While nobody works: the common counters lie between what was done (or saved) and what was begun.
    private func checkCommons(_ place: Residence) throws {
        let store = try Store.open(path)
        defer { store.close() }
        let commons = try Commons(store)
        counterBase = try check("counter", commons.counter.load(), track: 100, base: counterBase, place)
        lockedBase = try check("locked", commons.locked.load().first, track: 101, base: lockedBase, place)
        for fault in [try commons.fault(), try commons.locks.fault()].compactMap(\.self) {
            places[0].journal[.torn] += 1
            report("\(fault)")
        }
        try checkQueue(commons.queue, place)
    }

    /// Nothing is lost but what a killed process got for good, and nothing is back.
    private func checkQueue(_ queue: CommonQueue, _ place: Residence) throws {
        let accounts = try QueueAccounts(directory)
        let journals = places.map(\.journal)
        for fault in try accounts.settle(queue, journals, isAfresh: place == .disk) {
            lost += 1
            report("the common queue: \(fault)")
        }
    }

    private func check(_ name: String, _ seen: Int, track: Int, base: Int, _ place: Residence) throws -> Int {
        let tracks = places.map { $0.journal.track(track) }
        let least = base + tracks.reduce(0) { $0 + (place == .memory ? $1.done : $1.saved) }
        let most = base + tracks.reduce(0) { $0 + $1.begun }
        if !(least...max(least, most)).contains(seen) {
            lost += 1
            report("the common \(name) is \(seen), not of \(least)...\(most)")
        }
        guard place == .disk else { return base }
        for track in tracks { (track.begun, track.done, track.saved) = (0, 0, 0) }
        return seen
    }

    // MARK: The end

    private func finish() throws {
        for index in places.indices {
            letGoOn(index)
            places[index].journal[.finish] = 1
        }
        try awaitEnds()
        guard hung == 0 else { return }
        try checkCommons(.memory)
        try checkStructures(afterwards: true)
        // What they left is written by the last who leaves; then everything is looked at once more, from disk.
        let store = try Store.open(path)
        try store.sync()
        store.close()
        try Store.discardSegment(of: path)
        reboots += 1
        for index in places.indices {
            for number in 0..<Journal.tracks {
                let track = places[index].journal.track(number)
                track.saved = track.done
            }
            places[index].journal[.memoryDropped] = 1
            try start(index, onlyLook: true)
        }
        try awaitEnds()
    }

    private func awaitEnds() throws {
        for index in places.indices {
            guard let worker = places[index].worker else { continue }
            do {
                let ending = try worker.wait(seconds: patience)
                if ending != .exit(0) && ending != .signal(SIGKILL) { noteEnd(index, ending) }
            } catch {
                hung += 1
                report("worker \(index) does not end: \(error)")
                worker.kill()
            }
            places[index].worker = nil
        }
    }
}
