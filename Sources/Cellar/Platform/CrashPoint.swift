// The steps of write paths, each by name: "path: what was just done". Built with the trait `CrashPoints`, a process can be
// made to die or to stop right there; built without, a point is nothing at all.
//
// Every function that changes what other processes or the disk see has at least one; a test looks for those that have
// none, and another kills a process at each of them.

#if CrashPoints

    import Glibc
    import Synchronization

    /// A step of a write path was just done.
    @usableFromInline
    func crashPoint(_ name: StaticString) {
        if CrashPoints.isActive.load(ordering: .relaxed) { CrashPoints.reach(name) }
    }

    /// Makes this process die or stop at a point. For tests.
    package enum CrashPoints {
        package enum Action: String, Sendable {
            case kill, stop
        }

        private struct State {
            var visits: [String: Int] = [:]
            var isRecording = false
            var armed: (name: String, remaining: Int, action: Action)?
        }
        private static let state = Mutex(State())
        /// Whether somebody asked for anything: until then a point costs a load.
        fileprivate static let isActive = Atomic(false)

        /// From now on, the process dies (or stops, until it is continued) when it comes to the point for the `visit`th time.
        package static func arm(_ name: String, visit: Int = 1, _ action: Action = .kill) {
            state.withLock { $0.armed = (name, visit, action) }
            isActive.store(true, ordering: .relaxed)
        }

        /// From now on, the points that are visited are counted.
        package static func record() {
            state.withLock { ($0.visits, $0.isRecording) = ([:], true) }
            isActive.store(true, ordering: .relaxed)
        }

        /// How often each point was visited.
        package static var visits: [String: Int] { state.withLock { $0.visits } }

        fileprivate static func reach(_ name: StaticString) {
            let action: Action? = state.withLock { state in
                guard state.isRecording || state.armed != nil else { return nil }
                let name = name.description
                if state.isRecording { state.visits[name, default: 0] += 1 }
                guard let armed = state.armed, armed.name == name else { return nil }
                state.armed?.remaining -= 1
                guard armed.remaining == 1 else { return nil }
                state.armed = nil
                return armed.action
            }
            guard let action else { return }
            // To this thread, so that it takes effect before the call returns; both signals end or stop the whole process.
            _ = raise(action == .kill ? SIGKILL : SIGSTOP)
            if action == .kill { while true { pause() } }
        }
    }

#else

    /// A step of a write path was just done: nothing, in this build.
    @_alwaysEmitIntoClient @_transparent
    func crashPoint(_ name: StaticString) {}

#endif
