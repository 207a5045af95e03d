import Cellar
import Glibc

/// The files to count.
struct DemoInput {
    static let defaultDirectory = "/usr/share/common-licenses"

    struct File {
        var path: String
        var size: Int
    }

    let files: [File]
    var total: Int { files.reduce(0) { $0 + $1.size } }

    /// Looks at the files named, or at those of the default directory.
    init(naming paths: [String]) throws {
        let paths = paths.isEmpty ? try Self.defaultPaths() : paths
        files = try paths.map(Self.look)
        guard total > 0 else { throw ToolError(.badData, "there is nothing to count: all files are empty") }
    }

    /// Pieces of up to `length` bytes, file by file.
    func pieces(of length: Int) -> [Piece] {
        files.enumerated().flatMap { index, file in
            stride(from: 0, to: file.size, by: length).map { offset in
                Piece(file: Int32(index), length: Int32(min(length, file.size - offset)), offset: offset)
            }
        }
    }

    // MARK: Looking

    private static func look(_ path: String) throws -> File {
        guard path.utf8.count <= DemoCells.Path.capacity else {
            throw ToolError(
                .usage, "the path '\(path.prefix(40))…' is too long for a cell of the demo: use a shorter one")
        }
        let file = try InputFile(path)
        return File(path: path, size: try file.size())
    }

    /// The directory's regular files, each once, however many links lead to it.
    private static func defaultPaths() throws -> [String] {
        let names: [String]
        do throws(StoreError) { names = try FileNames.of(defaultDirectory) } catch {
            throw ToolError(.noInput, "\(error.message): name files to count instead")
        }
        let paths = Set(names.compactMap { regularFile(defaultDirectory + "/" + $0) })
        guard !paths.isEmpty else {
            throw ToolError(.noInput, "there are no files in \(defaultDirectory): name files to count")
        }
        return paths.sorted()
    }

    /// The path without links in it, if it leads to a regular file.
    private static func regularFile(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        var status = stat()
        guard unsafe stat(resolved, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return unsafe String(validatingCString: resolved)
    }
}
