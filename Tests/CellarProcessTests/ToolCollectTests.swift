import CellarTestSupport
import Glibc
import Testing

@testable import Cellar

extension ProcessTests {
    /// `gc`, in a /dev/shm of its own: what others have in the machine's is none of the test's business.
    @Suite struct ToolCollectTests {
        /// What a script prints in mounts of its own, without what differs from run to run; nil where that is not allowed.
        private func run(_ script: String, in directory: String) -> String? {
            let path = directory + "/script"
            let head = """
                cd '\(directory)' && mount -t tmpfs tmpfs /dev/shm || exit 111
                cellar() { '\(Worker.buildDirectory)/cellar' "$@"; }

                """
            Files.write(Array((head + script).utf8), to: path)
            let result = shell("unshare --mount sh '\(path)'")
            if result.code == 111 { return nil }
            #expect(result.code == 0, "\(result.output)")
            return result.output.masked([directory: "DIR"]).replacing(#/ +/#, with: " ")
        }

        @Test func whatIsFound() throws {
            try withScratchStore { scratch in
                let script = """
                    cellar new gone n --type int && cellar set gone n 1 --sync
                    cellar new kept n --type int --value 1
                    cellar new moved n --type int && cellar set moved n 1 --sync
                    cellar gc
                    rm -r gone; mv moved elsewhere; mkdir backup.partial; : > kept/data.mdb.compact
                    truncate -s 1M /dev/shm/cellar-00000000000000000000000000000000
                    chmod 600 /dev/shm/cellar-00000000000000000000000000000000
                    echo text > /dev/shm/cellar-of-somebody; : > /dev/shm/foreign
                    echo "== found"
                    cellar gc .
                    ls /dev/shm | wc -l
                    echo "== json"
                    cellar gc --json
                    echo "== removed"
                    cellar gc . --remove
                    cellar gc .
                    cellar gc --all > all; grep -c '^kept' all; grep -c "'$PWD/kept' is there" all; head -n 1 all
                    ls /dev/shm
                    cellar get kept n; cellar get elsewhere n
                    """
                guard let found = run(script, in: scratch.directory) else { return }
                let expected = """
                    nothing to clear up
                    == found
                     WHAT SIZE NAME WHY
                    removable memory SIZE cellar-ID of an earlier start of the machine, or never finished
                    removable memory SIZE cellar-ID 'DIR/gone' is no longer there
                    removable file SIZE ./backup.partial whoever made it was killed
                    removable file SIZE ./kept/data.mdb.compact whoever made it was killed
                    4 things, SIZE: '--remove' removes them
                    6
                    == json
                    {"outcome": "removable", "kind": "memory", "name": "cellar-ID", "bytes": 1048576, "state": "stale", \
                    "path": null, "unsaved_changes": false, "why": "of an earlier start of the machine, or never finished"}
                    {"outcome": "removable", "kind": "memory", "name": "cellar-ID", "bytes": 1048576, "state": "gone", \
                    "path": "DIR/gone", "unsaved_changes": false, "why": "'DIR/gone' is no longer there"}
                    == removed
                     WHAT SIZE NAME WHY
                    removed memory SIZE cellar-ID of an earlier start of the machine, or never finished
                    removed memory SIZE cellar-ID 'DIR/gone' is no longer there
                    removed file SIZE ./backup.partial whoever made it was killed
                    removed file SIZE ./kept/data.mdb.compact whoever made it was killed
                    nothing to clear up
                    2
                    1
                     WHAT SIZE NAME WHY
                    cellar-ID
                    cellar-ID
                    cellar-of-somebody
                    foreign
                    1
                    1

                    """
                #expect(found == expected)
            }
        }

        /// Memory stays while a process has it, whatever became of its store; who died with a store open is put away.
        @Test func theLivingAndTheDead() throws {
            try withScratchStore { scratch in
                let script = """
                    attached() { until cellar ps "$1" | grep -q alive; do :; done; }
                    died() { while cellar ps "$1" | grep -q alive; do :; done; }
                    cellar new store q --queue --type int
                    '\(Worker.buildDirectory)/cellar' take store q & process=$!
                    attached store
                    mv store "$PWD/deeper"; mkdir -p a/b; mv deeper a/b/far; ls /dev/shm | wc -l
                    cellar gc --all --remove
                    cellar new a/b/far n --type int --value 1
                    kill -KILL $process; wait $process 2> /dev/null
                    cellar ls a/b/far
                    cellar gc --remove | sed "s/$process/PID/"
                    cellar gc
                    cellar ps a/b/far
                    cellar check a/b/far | tail -n 1
                    """
                guard let found = run(script, in: scratch.directory) else { return }
                let expected = """
                    1
                     WHAT SIZE NAME WHY
                    kept memory SIZE cellar-ID a process has 'DIR/store' open
                    NAME KIND COUNT SIZE KEPT TYPE
                    n value - SIZE persistent int64
                    q queue 0 SIZE persistent int64
                     WHAT SIZE NAME WHY
                    removed process - PID (cellar) died with the store 'DIR/a/b/far' open
                    nothing to clear up
                    the store is whole

                    """
                #expect(found == expected)
            }
        }

        /// Changes that no disk has are not thrown away with the rest.
        @Test func whatWasNeverSaved() throws {
            try withScratchStore { scratch in
                let script = """
                    cellar new store q --queue --type int
                    '\(Worker.buildDirectory)/cellar' take store q & process=$!
                    until cellar ps store | grep -q alive; do :; done
                    kill -STOP $process
                    cellar new store n --type int --value 1 2> /dev/null
                    kill -KILL $process; wait $process 2> /dev/null
                    rm -r store
                    cellar gc --remove
                    cellar gc --remove --unsaved
                    ls /dev/shm | wc -l
                    """
                guard let found = run(script, in: scratch.directory) else { return }
                let expected = """
                     WHAT SIZE NAME WHY
                    kept memory SIZE cellar-ID 'DIR/store' is no longer there; has changes that no disk has (--unsaved)
                     WHAT SIZE NAME WHY
                    removed memory SIZE cellar-ID 'DIR/store' is no longer there
                    0

                    """
                #expect(found == expected)
            }
        }

        /// The kernel is asked: who has memory open may have no place in any table.
        @Test func whoHasItOpenIsNotRobbed() throws {
            let name = "/cellar-test-\(getpid())"
            try SharedMemoryObject.unlink(name)
            var object: SharedMemoryObject? = try SharedMemoryObject.create(
                name, for: Ownership(owner: geteuid(), group: getegid(), mode: 0o600))
            try object?.grow(from: 0, to: 4096)
            let memory = unsafe try object?.map(reserve: 4096, readOnly: false)
            #expect(try !SharedMemoryObject.removeUnused(name))
            object = nil
            // Mapped is enough.
            #expect(try !SharedMemoryObject.removeUnused(name))
            #expect(Files.exists("/dev/shm" + name))
            unsafe munmap(memory!, 4096)
            #expect(try SharedMemoryObject.removeUnused(name))
            #expect(!Files.exists("/dev/shm" + name))
            #expect(try !SharedMemoryObject.removeUnused(name))
        }
    }
}
