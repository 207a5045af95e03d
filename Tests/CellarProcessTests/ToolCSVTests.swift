import Cellar
import CellarTestSupport
import Testing

extension ProcessTests {
    /// Arrays that are made of CSV files.
    @Suite struct ToolCSV {
        /// Writes the text, imports it as `name`, and returns the type and the elements.
        private func imported(_ scratch: ScratchStore, _ text: String, _ options: String = "") throws -> String {
            try scratch.write(text, to: "file.csv")
            scratch.shell("cellar import store made file.csv \(options)")
            let info = try #require(try scratch.open().cellInfo("made"))
            let content = scratch.shell("cellar get store made --json")
            scratch.shell("cellar rm store made")
            return "\(info.kind) \(info.persistence) \(info.schema) \(content)"
        }

        @Test func theTypeIsDerived() throws {
            try withScratchStore { scratch in
                for (text, wanted) in [
                    (
                        "n,x,mixed,flag\n1,0.5,2,true\n-007,1e3,nan,false\n",
                        #"{n: int64 @0, x: double @8, mixed: double @16, flag: bool @24} "#
                            + #"[{"n": 1, "x": 0.5, "mixed": 2.0, "flag": true}, {"n": -7, "x": 1000.0, "mixed": "nan", "flag": false}]"#
                    ),
                    ("value\n9223372036854775807\n", "int64 [9223372036854775807]"),
                    ("value\r\n-0.0\r\n", "double [-0.0]"),
                    (
                        "time (s),\"a,b\"\n1,2\n",
                        #"{"time (s)": int64 @0, "a,b": int64 @8} [{"time (s)": 1, "a,b": 2}]"#
                    ),
                    (
                        "t,pose.x,pose.v[0],pose.v[1],id\n1,2,3,4.5,6\n",
                        #"{t: int64 @0, pose: {x: int64 @0, v: array<double, 2> @8} @8, id: int64 @32} "#
                            + #"[{"t": 1, "pose": {"x": 2, "v": [3.0, 4.5]}, "id": 6}]"#
                    ),
                    ("[0],[1]\n1,2\n3,4\n", "array<int64, 2> [[1, 2], [3, 4]]"),
                    (
                        "p[0].a,p[0].b,p[1].a,p[1].b\n1,2.5,3,4\n",
                        #"{p: array<{a: int64 @0, b: double @8}, 2> @0} [{"p": [{"a": 1, "b": 2.5}, {"a": 3, "b": 4.0}]}]"#
                    ),
                    (".0,.1\n1,0.5\n", #"{.0: int64 @0, .1: double @8} [{".0": 1, ".1": 0.5}]"#),
                    ("a..b,c.\n1,2\n", #"{a..b: int64 @0, c.: int64 @8} [{"a..b": 1, "c.": 2}]"#),
                ] {
                    let seen = try imported(scratch, text)
                    #expect(seen == "array persistent \(wanted)\n", "\(text): \(seen)")
                }
                #expect(try imported(scratch, "value\n1\n", "--volatile").hasPrefix("array volatile int64"))
            }
        }

        @Test func theTypeIsGiven() throws {
            try withScratchStore { scratch in
                let typed = try imported(
                    scratch, "tag,x\n\"a,b\",1\né,2\n", "--type '{x: float @0, tag: string<6> @4}'")
                #expect(
                    typed
                        == #"array persistent {x: float @0, tag: string<6> @4} [{"x": 1.0, "tag": "a,b"}, {"x": 2.0, "tag": "é"}]"#
                        + "\n")
                #expect(try imported(scratch, "value\n1\n2\n", "--type int") == "array persistent int64 [1, 2]\n")
                // Of which zero is no value.
                #expect(
                    try imported(scratch, "value\nbusy\nidle\n", #"--type 'enum<1>{idle = 1 "", busy = 2 "b"}'"#)
                        .hasSuffix(
                            "[\"busy\", \"idle\"]\n"))
                scratch.shell("cellar new store there --type int --count 1; printf 'value\\n1\\n' > one.csv")
                #expect(
                    scratch.shell("cellar import store there one.csv --type float", ends: 65).contains(
                        "the elements of 'there' are of the type 'int64', and --type is 'float'"))
                scratch.shell("cellar import store there one.csv --type int")
                scratch.shell("cellar import store there one.csv --type thing", ends: 64)
                scratch.shell("cellar import store there one.npy --type int", ends: 64)
            }
        }

        /// Through a file and through a pipe: an equal array.
        @Test func thereAndBack() throws {
            try withScratchStore { scratch in
                let type = "{n: int64 @0, p: {x: double @0, ok: bool @8} @8, v: array<double, 2> @24}"
                scratch.shell(
                    "cellar new store a --type '\(type)' --count 3000 --value '{n: -1, p: {x: 1, ok: false}, v: [0.1, 2]}'"
                )
                scratch.shell("cellar set store 'a[1]' '{n: 9007199254740993, p: {x: \"inf\", ok: true}}'")
                scratch.shell("cellar export store a a.csv; cellar import store b a.csv")
                scratch.shell("cellar export store a - --format csv | cellar import store c - --format csv")
                let wanted = scratch.shell("cellar get store a --json")
                for name in ["b", "c"] {
                    #expect(scratch.shell("cellar get store \(name) --json") == wanted)
                    let made = try #require(try scratch.open().cellInfo(name))
                    #expect(made.schema.description == type)
                    scratch.shell("cellar export store \(name) - --format csv | cmp - a.csv")
                }
            }
        }

        @Test func whatCannotBeMade() throws {
            try withScratchStore { scratch in
                for (text, error, options) in [
                    ("", "line 0: the first line is to name the columns", ""), ("n,x\n", "has none", ""),
                    ("n,x\n1,2\n3\n", "line 3: there are 1 fields, and 2 are wanted", ""),
                    ("n,x\n1,2\n3,hello\n", "line 3: column 'x': 'hello' is neither a number nor true or false", ""),
                    ("n,x\n1,2\n\n3,\n", "line 4: column 'x': '' is neither", ""),
                    ("n\n1\ntrue\n", "line 3: column 'n': 'true' is no number", ""),
                    ("n\ntrue\n1\n", "line 3: column 'n': '1' is no true or false", ""),
                    ("n\n9223372036854775808\n", "line 2: column 'n': '9223372036854775808' does not fit int64", ""),
                    ("1,2\n3,4\n", "line 1: '1' is a value: the first line is to name the columns", ""),
                    ("a,a\n3,4\n", "line 1: two columns have the name 'a'", ""),
                    ("a,\n3,4\n", "line 1: column 2 has no name", ""),
                    ("a,a.b\n3,4\n", "line 1: column 'a' is a value or a list, and something else besides", ""),
                    ("v[1]\n3\n", "line 1: column 'v[1]' is an element of a list that lacks some", ""),
                    ("v[0],v[1]\n3,true\n", "column 'v[1]' is not of the type of the elements before it", ""),
                    ("n\n1\n300\n", "line 3: field 'n': ", "--type '{n: int8 @0}'"),
                    ("x\n1\n", "line 1: the first line names no column 'n'", "--type '{n: int8 @0}'"),
                    ("n\n1\n\"2\n", "line 3: a quote is not closed", ""),
                ] {
                    try scratch.write(text, to: "bad.csv")
                    let complaint = scratch.shell("cellar import store new bad.csv \(options)", ends: 65)
                    #expect(
                        complaint.contains(error) && complaint.split(separator: "\n").count == 1,
                        "\(text): \(complaint)")
                    #expect(scratch.shell("cellar ls store") == "")
                }
            }
        }
    }
}
