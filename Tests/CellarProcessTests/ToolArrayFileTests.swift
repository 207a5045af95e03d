import Cellar
import CellarTestSupport
import Testing

/// NumPy, in a virtual environment that is made once and kept with the build.
enum NumPy {
    /// A Python that has it; a test fails where it cannot be made.
    static func python() throws -> String {
        try made.get()
        return place + "/bin/python"
    }

    private static let place = Worker.buildDirectory + "/tests/numpy"

    private static let made: Result<Void, Worker.Failure> = {
        // Beside others that make it at the same time.
        let run = CellarTestSupport.shell(
            """
            mkdir -p '\(Worker.buildDirectory)/tests' && exec 9> '\(place).lock' && flock 9 && \
            { '\(place)/bin/python' -c 'import numpy' 2> /dev/null || \
            { rm -rf '\(place)' && python3 -m venv '\(place)' && '\(place)/bin/pip' install --quiet numpy; } }
            """)
        guard run.code == 0 else {
            return .failure(
                .cannotStart(
                    "cannot make a Python with NumPy in \(place) (apt-get install python3-venv; and is PyPI there?): \(run.output)"
                ))
        }
        return .success(())
    }()
}

extension ProcessTests {
    /// Arrays from and to files.
    @Suite struct ToolArrayFiles {
        private func python(_ scratch: ScratchStore, _ program: String, location: SourceLocation = #_sourceLocation)
            throws
            -> String
        {
            try scratch.write(program, to: "program.py")
            return try scratch.shell("'\(NumPy.python())' program.py", location: location)
        }

        private let record =
            "{x: double @0, n: int32 @8, tag: string<5> @12, v: simd<float, 3> @32, p: array<{a: int8 @0, b: bool @1}, 2> @48}"
        private let recordValue =
            #"{x: 1.5, n: -3, tag: "a,\"b", v: [1, 2, 3], p: [{a: 1, b: true}, {a: -2, b: false}]}"#

        private func makeArrays(_ scratch: ScratchStore) throws {
            for (name, type, count, value) in [
                ("f", "float", "5", "0.1"), ("i", "int64", "3", "-7"), ("m", "array<int16, 3>", "2", "[1, -2, 3]"),
                ("r", record, "2", recordValue),
            ] {
                try scratch.tool(
                    "new", scratch.path, name, "--type", type, "--count", count, "--value", value)
            }
            try scratch.tool("set", scratch.path, "f[1..<3]", #"["nan", "-inf"]"#)
            try scratch.tool("set", scratch.path, "r[1]", "{x: -2.5, tag: é}")
        }

        @Test func numPyReadsWhatIsExported() throws {
            try withScratchStore { scratch in
                try makeArrays(scratch)
                for name in ["f", "i", "m", "r"] {
                    try scratch.tool("export", scratch.path, name, "\(scratch.directory)/\(name).npy")
                }
                let seen = try python(
                    scratch,
                    """
                    import numpy as np
                    f, i, m, r = (np.load(name + '.npy') for name in 'fimr')
                    print(f.dtype, f.shape, np.array_equal(f, np.array([0.1, np.nan, -np.inf, 0.1, 0.1], dtype='f4'), equal_nan=True))
                    print(i.dtype, i.tolist(), m.dtype, m.tolist())
                    print(r.shape, r.dtype.names, r.dtype.itemsize, [r.dtype.fields[n][1] for n in r.dtype.names])
                    print(r.dtype['x'], r.dtype['n'], r.dtype['v'], r.dtype['p'])
                    print(r['x'].tolist(), r['n'].tolist(), r['tag']['text'].tolist(), r['tag']['count'].tolist())
                    print(r['v'][0].tolist(), r['p'][0].tolist())
                    """)
                #expect(
                    seen == """
                        float32 (5,) True
                        int64 [-7, -7, -7] int16 [[1, -2, 3], [1, -2, 3]]
                        (2,) ('x', 'n', 'tag', 'v', 'p') 64 [0, 8, 12, 32, 48]
                        float64 int32 ('<f4', (3,)) ([('a', 'i1'), ('b', '?')], (2,))
                        [1.5, -2.5] [-3, -3] [b'a,"b', b'\\xc3\\xa9'] [4, 2]
                        [1.0, 2.0, 3.0] [(1, True), (-2, False)]

                        """, "\(seen)")
            }
        }

        @Test func whatNumPySavedIsImported() throws {
            try withScratchStore { scratch in
                _ = try python(
                    scratch,
                    """
                    import numpy as np
                    np.save('f', np.array([0.1, np.nan, -np.inf], dtype=np.float32))
                    np.save('i', np.arange(-2, 2))
                    np.save('packed', np.array([(1, 2.5, b'hey'), (3, -4, b'\\xc3\\xa9')], dtype=[('a', 'u1'), ('b', '<f8'), ('tag', 'S4')]))
                    np.save('aligned', np.array([(1, 2.5)] * 2, dtype=np.dtype([('a', 'u1'), ('b', 'f8')], align=True)))
                    np.save('grid', np.arange(6, dtype='<i2').reshape(3, 2))
                    np.save('flags', np.array([True, False]))
                    np.save('one', np.float64(1.5))
                    np.save('big', np.arange(3, dtype='>i4'))
                    np.save('complex', np.arange(3, dtype=complex))
                    np.save('unicode', np.array(['a']))
                    np.save('transposed', np.asfortranarray(np.zeros((2, 3))))
                    np.save('none', np.zeros(0))
                    """)
                for (name, content) in [
                    ("f", #"[0.1, "nan", "-inf"]"#), ("i", "[-2, -1, 0, 1]"),
                    ("packed", #"[{"a": 1, "b": 2.5, "tag": "hey"}, {"a": 3, "b": -4.0, "tag": "é"}]"#),
                    ("aligned", #"[{"a": 1, "b": 2.5}, {"a": 1, "b": 2.5}]"#), ("grid", "[[0, 1], [2, 3], [4, 5]]"),
                    ("flags", "[true, false]"), ("one", "[1.5]"),
                ] {
                    scratch.shell("cellar import store \(name) \(name).npy")
                    #expect(scratch.shell("cellar get store \(name) --json") == content + "\n", "\(name)")
                }
                #expect(scratch.shell("cellar ls store").contains("{a: uint8 @0, b: double @8, tag: string<4> @16}"))
                for (name, part) in [
                    ("big", "other way round"), ("complex", "cannot be had"), ("unicode", "cannot be had"),
                    ("transposed", "Fortran's order"), ("none", "at least one element"),
                ] {
                    #expect(
                        scratch.shell("cellar import store \(name) \(name).npy", ends: 65).contains(part), "\(name)")
                }
                // Into an array that is there: its own type and count, or none of it.
                #expect(
                    scratch.shell("cellar import store i f.npy", ends: 65).contains(
                        "'<f4', and the array those of 'int64'"))
                #expect(
                    scratch.shell("cellar import store packed aligned.npy", ends: 65).contains("and the array those of")
                )
                scratch.shell("cellar new store four --type int --count 5")
                #expect(
                    scratch.shell("cellar import store four i.npy", ends: 65).contains(
                        "has 4 elements, and 'four' has 5"))
                for count in [0, 5, 9, 40, 100, 150] {
                    scratch.shell("head -c \(count) i.npy > cut.npy; cellar import store i cut.npy", ends: 65)
                }
                scratch.shell("cat i.npy f.npy | cellar import store i - --format npy", ends: 65)
                #expect(scratch.shell("cellar get store i --json") == "[-2, -1, 0, 1]\n")
                // A gap that is none in the file, and one that is.
                scratch.shell("cellar new store wide --type '{a: uint8 @0, b: double @16}' --count 2")
                scratch.shell("cellar import store wide aligned.npy")
                #expect(scratch.shell("cellar get store 'wide[1]' --json") == #"{"a": 1, "b": 2.5}"# + "\n")
            }
        }

        /// Out and in again, in each format, through files and pipes: the same elements.
        @Test(arguments: ["npy", "csv", "raw"]) func thereAndBack(format: String) throws {
            try withScratchStore { scratch in
                try makeArrays(scratch)
                for name in ["f", "i", "m", "r"] {
                    let before = scratch.shell("cellar get store \(name) --json")
                    let type = try #require(try scratch.open().cellInfo(name)).schema
                    scratch.shell("cellar export store \(name) \(name).\(format)")
                    scratch.shell(
                        "cellar new store again --type '\(type)' --count \(try #require(try scratch.open().cellInfo(name)).count)"
                    )
                    scratch.shell("cellar import store again \(name).\(format)")
                    #expect(scratch.shell("cellar get store again --json") == before)
                    scratch.shell("cellar export store again - --format \(format) | cmp - \(name).\(format)")
                    scratch.shell("cellar rm store again")
                }
                // Nothing but the files themselves is left.
                #expect(Files.names(scratch.directory).count { $0.contains(".part") } == 0)
            }
        }

        @Test func csvIsAsPeopleExpectIt() throws {
            try withScratchStore { scratch in
                try makeArrays(scratch)
                #expect(
                    try scratch.tool("export", scratch.path, "r", "-", "--format", "csv") == """
                        x,n,tag,v[0],v[1],v[2],p[0].a,p[0].b,p[1].a,p[1].b
                        1.5,-3,"a,""b",1.0,2.0,3.0,1,true,-2,false
                        -2.5,-3,é,1.0,2.0,3.0,1,true,-2,false

                        """)
                #expect(
                    try scratch.tool("export", scratch.path, "f", "-", "--format", "csv")
                        == "value\n0.1\nnan\n-inf\n0.1\n0.1\n")
                scratch.shell("cellar new store t --type '{n: int8 @0, s: string<9> @2}' --count 2")
                try scratch.write("s,n\r\n\"two\nlines\",1\r\n\r\n\"\",0x10\r\n", to: "t.csv")
                scratch.shell("cellar import store t t.csv")
                #expect(
                    scratch.shell("cellar get store t --json") == #"[{"n": 1, "s": "two\nlines"}, {"n": 16, "s": ""}]"#
                        + "\n")
                for (text, error) in [
                    ("", "line 0: the first line is to name the columns n,s"),
                    ("n,x\n", "line 1: the first line names no column 's'"),
                    ("n,s\n1,a\n2\n", "line 3: there are 1 fields, and 2 are wanted"),
                    ("n,s\n1,a\n300,b\n", "line 3: field 'n': "), ("n,s\n1,\"a\n", "line 2: a quote is not closed"),
                    ("n,s\n1,\"a\"b\n", "line 2: something follows a field in quotes"),
                    ("n,s\n1,a\n", "has 1 element, and 't' has 2"),
                    ("n,s\n1,a\n1,b\n1,c\n", "has 3 elements, and 't' has 2"),
                ] {
                    try scratch.write(text, to: "bad.csv")
                    let complaint = scratch.shell("cellar import store t bad.csv", ends: 65)
                    #expect(complaint.contains(error), "\(text): \(complaint)")
                }
            }
        }

        @Test func whatCannotBe() throws {
            try withScratchStore { scratch in
                try makeArrays(scratch)
                scratch.shell("cellar export store f f", ends: 64)
                scratch.shell("cellar export store none f.npy", ends: 66)
                scratch.shell("cellar export store f none/f.npy", ends: 73)
                scratch.shell("cellar export store f /dev/full --format raw", ends: 74)
                scratch.shell("cellar new store q --queue --type int; cellar export store q q.npy", ends: 65)
                scratch.shell("printf 123 > x.raw; cellar import store i x.raw", ends: 65)
                scratch.shell("cellar import store new x.csv", ends: 66)
                scratch.shell("cellar import store new x.raw", ends: 66)
                scratch.shell("cellar import store new x.raw --type uint8")
                #expect(scratch.shell("cellar get store new --json") == "[49, 50, 51]\n")
                scratch.shell(
                    "printf '\\2' > b.raw; cellar new store b --type bool --count 1; cellar import store b b.raw",
                    ends: 65)
                #expect(!Files.exists(scratch.directory + "/none"))
                #expect(Files.names(scratch.directory).count { $0.contains(".part") } == 0)
            }
        }

        /// More than fits in one piece, of which the elements do not end where pieces do.
        @Test func longArrays() throws {
            try withScratchStore { scratch in
                let array = try scratch.open().array("long", of: Triple.self, count: 50_001)
                try array.write((0..<50_001).map { Triple($0) })
                for format in ["npy", "raw", "csv"] {
                    scratch.shell("cellar export store long long.\(format)")
                    try array.fill(Triple(0))
                    scratch.shell("cellar import store long long.\(format)")
                    let values = try array.values()
                    let isTheSame = values.indices.allSatisfy { values[$0] == Triple($0) }
                    #expect(isTheSame)
                }
                #expect(
                    try python(scratch, "import numpy as np; print(np.load('long.npy')['third'].sum())")
                        == "1250025000\n")
            }
        }
    }
}
