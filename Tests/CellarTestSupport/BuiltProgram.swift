/// A program compiled against the library as it was built for the tests.
public struct BuiltProgram {
    public let path: String

    /// Throws with what the compiler says. With `isMain` the source is a script, else it has a type with `@main`.
    public init(of source: String, isMain: Bool = false, in directory: String) throws {
        let built = Worker.buildDirectory
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let file = directory + (isMain ? "/main.swift" : "/page.swift")
        Files.write(Array(source.utf8), to: file, truncating: true)
        // Those of the last build: beside them may lie objects of sources that are gone.
        let modules = ["CCellar", "Cellar", "CellarFoundation", "Logging"].map { "/\($0).build/" }
        let objects = Files.text(built + "/CellarPackageTests.product/Objects.LinkFileList").split(separator: "\n")
            .filter { object in modules.contains { object.contains($0) } }.joined(separator: " ")
        path = directory + "/program"
        let result = shell(
            """
            swiftc \(isMain ? "" : "-parse-as-library") -swift-version 6 -suppress-warnings '\(file)' -o '\(path)' \
            \(Self.options(built, root)) \(objects) -llmdb
            """)
        guard result.code == 0 else { throw Worker.Failure.cannotStart("the compiler says: \(result.output)") }
    }

    /// Where modules are.
    public static func options(_ built: String, _ root: String) -> String {
        """
        -I '\(built)/Modules' -Xcc -fmodule-map-file='\(root)/Sources/CLMDB/module.modulemap' \
        -Xcc -fmodule-map-file='\(built)/CCellar.build/module.modulemap' -Xcc -I'\(root)/Sources/CCellar/include'
        """
    }

    /// Runs it, for a minute at most.
    public func run(_ arguments: String = "", in directory: String) -> (code: Int32, output: String) {
        shell("cd '\(directory)' && timeout 60 '\(path)' \(arguments) < /dev/null")
    }
}
