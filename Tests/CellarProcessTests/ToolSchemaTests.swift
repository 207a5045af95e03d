import Cellar
import CellarTestSupport
import Glibc
import Testing

extension ProcessTests {
    /// Source that `schema` prints is compiled, and its types are those that are stored.
    @Suite struct ToolSchemaTests {
        private struct Pose: BitwiseCopyable, Sendable {
            struct Joint: BitwiseCopyable, Sendable {
                var angle: Float
                var isFixed: Bool
                var limits: (Int16, Int16)
            }
            enum Mode: UInt8, CaseIterable, BitwiseCopyable {
                case idle = 3
                case `default` = 7
                case walking = 1
            }
            enum Plain: CaseIterable, BitwiseCopyable { case left, right }
            enum Worded: String, CaseIterable, BitwiseCopyable {
                case first = "one \"two\""
                case second
            }
            var id: InlineUUID
            var name: InlineString<12>
            var position: SIMD3<Double>
            var joints: InlineArray<3, Joint>
            var mode: Mode
            var `in`: Plain
            var worded: Worded
            var wide: Int128
            var small: Float16
            var string: Joint
            var unsigned: UInt
        }

        @Test func whatIsSaid() throws {
            try withScratchStore { scratch in
                let store = try scratch.open()
                _ = try store.array("arm/left pose", of: SIMD2<Float>.self, count: 5)
                _ = try store.table("users", keys: String.self, values: Triple.self)
                _ = try store.mutex("lock")
                func schema(_ arguments: String...) throws -> Tool.Run {
                    let all = ["schema", scratch.path] + arguments
                    return try Tool.run(all.map { Array($0.utf8) }, in: scratch.directory)
                }
                #expect(
                    try schema("arm/left pose").output == """
                        // Of the 5 elements of the array 'arm/left pose': 8 bytes.
                        typealias LeftPose = SIMD2<Float>

                        """)
                #expect(
                    try schema("users", "--type", "User").output == """
                        // Of the keys of the table 'users'.
                        typealias UserKey = String

                        // Of the values of the table 'users': 24 bytes.
                        struct User: BitwiseCopyable {
                            var first: Int
                            var second: Int
                            var third: Int
                        }

                        """)
                #expect(
                    try schema("arm/left pose", "--json").output == """
                        {"name": "LeftPose", "role": "the 5 elements of the array 'arm/left pose'", \
                        "type": "simd<float, 2>", "size": 8, "stride": 8, "alignment": 8, "fields": []}

                        """)
                // What no Swift type is.
                let odd = "{a: int8 @0, b: int8 @4, c: enum<4>{low = 0 \"\", high = 20 \"\"} @8}"
                _ = try Tool.run("new", scratch.path, "odd", "--type", odd, in: scratch.directory)
                #expect(
                    try schema("odd").output == """
                        // Of the value 'odd': 12 bytes.
                        // The store does not take this type for the one that is stored:
                        // bytes 1..<4 belong to no field: Swift needs one to leave them out
                        // an enum of other bits than Swift gives its cases is written as a number: low = 0, high = 20
                        struct Odd: BitwiseCopyable {
                            var a: Int8
                            var padding1: InlineArray<3, UInt8>
                            var b: Int8
                            var c: UInt32
                        }

                        """)
                #expect(try schema("none").status == 66)
                #expect(try schema("lock").status == 65)
            }
        }

        @Test func theSourceIsTheStoredType() throws {
            try withScratchStore(seconds: 600) { scratch in
                let store = try scratch.open()
                _ = try store.array("pose", of: Pose.self, count: 2)
                _ = try store.dictionary("worded", keys: Pose.Worded.self, values: (Int, Bool).self)
                _ = try store.queue("jobs", of: Pose.Joint.self)
                var source = ""
                var wanted = ""
                for (name, schemas) in [
                    ("pose", [("Pose", try Schema.of(Pose.self))]),
                    (
                        "worded",
                        [("WordedKey", try Schema.of(Pose.Worded.self)), ("Worded", try Schema.of((Int, Bool).self))]
                    ),
                    ("jobs", [("Jobs", try Schema.of(Pose.Joint.self))]),
                ] {
                    let run = try Tool.run("schema", scratch.path, name, in: scratch.directory)
                    #expect(run.status == 0, "\(run.errors)")
                    source +=
                        run.output.split(separator: "\n").filter { $0 != "import Cellar" }.joined(separator: "\n")
                        + "\n"
                    for (type, schema) in schemas {
                        source +=
                            "print(try Schema.of(\(type).self), MemoryLayout<\(type)>.size, MemoryLayout<\(type)>.stride)\n"
                        wanted += "\(schema) \(schema.size) \(schema.stride)\n"
                    }
                }
                source += """
                    let store = try Store.open(CommandLine.arguments[1])
                    print(try store.array("pose", of: Pose.self).count, try store.queue("jobs", of: Jobs.self).capacity)
                    store.close()
                    """
                wanted += "2 1024\n"
                #expect(try compiled(source, scratch) == wanted)
            }
        }

        /// What the source prints, built against the library as it was built for the tests.
        private func compiled(_ source: String, _ scratch: ScratchStore) throws -> String {
            let program = try BuiltProgram(of: "import Cellar\n" + source, isMain: true, in: scratch.directory)
            return program.run("'\(scratch.path)'", in: scratch.directory).output
        }
    }
}
