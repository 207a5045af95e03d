import CellarTestSupport
import Testing

extension ProcessTests {
    /// The examples do what they say.
    @Suite struct Examples {
        private func lines(of example: String, _ arguments: String...) throws -> [String] {
            let worker = try Worker(command: [Worker.buildDirectory + "/example-" + example] + arguments)
            #expect(try worker.wait(seconds: 120) == .exit(0))
            return worker.linesSoFar()
        }

        @Test func workerQueue() throws {
            let processed = (0..<5).map { "Processed \($0) by worker" }
            #expect(try lines(of: "worker-queue") == processed + ["All tasks completed."])
        }

        @Test func redelivery() throws {
            let lines = try lines(of: "redelivery")
            #expect(lines.first == "Delivered 'tea'.")
            #expect(lines.contains("A consumer dies with 'coffee'."))
            #expect(lines.contains("Delivered 'coffee', at attempt 2."))
            #expect(lines.last == "3 orders done, none lost.")
        }

        @Test func configuration() throws {
            let lines = try lines(of: "configuration")
            for service in ["mail", "search"] {
                #expect(lines.contains("\(service): version 4, 800.0 requests a second"))
            }
            #expect(lines.last == "Both services have the last settings.")
        }

        @Test func frameRing() throws {
            #expect(try lines(of: "frame-ring") == ["Showed frames up to 200, 0 of them torn."])
        }

        @Test func processPool() throws {
            try withScratchStore { scratch in
                let files = (1...5).map { "\(scratch.directory)/file \($0)" }
                for (number, file) in files.enumerated() {
                    _ = Files.write(Array(String(repeating: "line\n", count: number + 1).utf8), to: file)
                }
                let worker = try Worker(command: [Worker.buildDirectory + "/example-process-pool"] + files)
                #expect(try worker.wait(seconds: 120) == .exit(0))
                let lines = worker.linesSoFar()
                #expect(lines.first == "5 bytes, 1 lines in \(files[0])")
                #expect(lines.last == "75 bytes, 15 lines in all")
            }
        }
    }
}
