import CellarTestSupport
import Testing

/// The folders of the library are its layers, and what is in one mentions nothing of those above.
struct LayerTests {
    private static let layers = [
        "Platform", "Schema", "Segment", "Persistence", "Attachment", "Cells", "Tables", "Collections", "Transactions",
        "Sync", "Store",
    ]

    private struct Source {
        let path: String
        let layer: Int
        let words: Set<Substring>
        let lines: [Substring]
    }

    /// Sources without comments and literals. They lie where this test was built from.
    private static func sources(_ test: String = #filePath) -> [Source] {
        let root = test.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        return layers.enumerated().flatMap { layer, name in
            Files.tree(root + "/Sources/Cellar/" + name).map { path in
                let lines = Files.text(path).split(separator: "\n").map(code)
                let words = lines.flatMap { $0.split { !($0.isLetter || $0.isNumber || $0 == "_") } }
                return Source(path: path, layer: layer, words: Set(words), lines: lines)
            }
        }
    }

    private static func code(_ line: Substring) -> Substring {
        var isText = false
        var kept = ""
        var last: Character = " "
        for character in line {
            if character == "/", last == "/", !isText { return Substring(kept.dropLast()) }
            if character == "\"", last != "\\" { isText.toggle() }
            if !isText { kept.append(character) }
            last = character
        }
        return Substring(kept)
    }

    /// Types that a file declares for all of the module.
    private static func declared(_ source: Source) -> [Substring] {
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias"]
        return source.lines.compactMap { line in
            guard let first = line.first, !first.isWhitespace else { return nil }
            let words = line.split { " :<{=".contains($0) }
            guard !words.contains("private"), !words.contains("fileprivate"), !words.contains("extension"),
                let place = words.firstIndex(where: { kinds.contains($0) }), place + 1 < words.count
            else { return nil }
            return words[place + 1]
        }
    }

    @Test func mentionsPointDown() {
        let sources = Self.sources()
        var layerOf: [Substring: Int] = [:]
        for source in sources { for name in Self.declared(source) { layerOf[name] = source.layer } }
        #expect(sources.count > 50 && layerOf.count > 80, "the sources were not found")
        #expect(layerOf["Segment"] == 2 && layerOf["Store"] == Self.layers.count - 1, "the declarations were not found")
        for source in sources {
            for word in source.words {
                guard let layer = layerOf[word], layer > source.layer else { continue }
                Issue.record("\(source.path) mentions \(word), of the layer \(Self.layers[layer]) above its own")
            }
        }
    }

    @Test func everyFolderIsALayer() {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
        let folders = Files.names(root + "/Sources/Cellar").filter { !$0.contains(".") }
        #expect(folders == Self.layers.sorted())
        #expect(Files.names(root + "/Sources/Cellar").filter { $0.hasSuffix(".swift") } == [])
    }

    @Test func onlyPersistenceKnowsTheDatabase() {
        let importers = Self.sources().filter { $0.lines.contains { $0.contains("import CLMDB") } }
        #expect(!importers.isEmpty)
        #expect(Set(importers.map { Self.layers[$0.layer] }) == ["Persistence"])
    }

    /// Dispatch and tasks never run again in a forked child; Foundation is more than a store needs.
    @Test func whatTheLibraryDoesNotUse() {
        for source in Self.sources() {
            for line in source.lines where line.contains("import Foundation") || line.contains("import Dispatch") {
                Issue.record("\(source.path): \(line)")
            }
            for word in ["Task", "DispatchQueue", "pthread_cond_wait", "pthread_rwlock_rdlock"]
            where source.words.contains(Substring(word)) {
                Issue.record("\(source.path) uses \(word)")
            }
        }
    }
}
