#if CrashPoints
    import Cellar
    import CellarTestSupport
    import Glibc
    import Testing

    extension ProcessTests {
        struct RenameTests {
            /// A rename is one change in memory too: whoever looks while it is under way, or after it was cut off, finds
            /// the cell under one of its names, and never under the old one after the new one.
            ///
            /// The story: those who looked without the lock saw the new name in memory, while the old one, which memory no
            /// longer knew, was found on disk. It took a process that was killed there, and another that had begun to mend
            /// it: one in a hundred thousand runs of "rename a cell a second time, killed at …, then twice at 'rename: stub
            /// in the table'". With a removed cell's name as the new one, the removed cell came back for as long.
            @Test(arguments: [
                ("rename a cell", "one", "two"), ("rename a cell a second time", "middle", "three"),
                ("rename a cell to a removed one's name", "one", "gone"),
            ])
            func itHasOneNameAtEachStep(name: String, old: String, new: String) throws {
                let scenario = try #require(CrashScenario.all.first { $0.name == name })
                var sides: Set<Bool> = []
                for point in try steps(of: scenario) {
                    try withScratchStore(function: "\(name), \(point)") { scratch in
                        try scenario.prepare(scratch.path)
                        let store = try scratch.openQuiet()
                        let looking = try Store.open(scratch.path, .readOnly)
                        defer { looking.close() }
                        let worker = try scratch.worker("crash", name, point, 1, "stop")
                        guard worker.waitForStop() else { return }
                        for seen in [store, looking] {
                            let isRenamed = try seen.contains(new)
                            #expect(try seen.contains(old) != isRenamed, "\(point)")
                            #expect(try seen.cells().filter { [old, new].contains($0.name) }.count == 1, "\(point)")
                            let cell = try seen.value(isRenamed ? new : old, of: Triple.self)
                            #expect(try cell.load() == Triple(3), "\(point)")
                            sides.insert(isRenamed)
                        }
                        worker.kill()
                    }
                }
                #expect(sides == [false, true])
            }

            private func steps(of scenario: CrashScenario) throws -> [String] {
                try withScratchStore(function: "steps of \(scenario.name)") { scratch in
                    try scenario.prepare(scratch.path)
                    let worker = try scratch.worker("crash", scenario.name, "-")
                    var steps: [String] = []
                    while case let line = try worker.line(), line != "done" {
                        let step = String(line.drop { $0 != " " }.dropFirst())
                        if ["rename: ", "insert name: ", "drop name: "].contains(where: step.hasPrefix) {
                            steps.append(step)
                        }
                    }
                    #expect(steps.count > 8)
                    return steps
                }
            }
        }
    }
#endif
