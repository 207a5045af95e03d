import ArgumentParser

/// The forms of files that arrays are imported from and exported to.
enum ArrayFormat: String, ExpressibleByArgument, CaseIterable {
    case raw, csv, npy

    /// What was asked for; else what the file's name ends with.
    init(_ wanted: ArrayFormat?, for path: String) throws {
        if let wanted {
            self = wanted
            return
        }
        let name = path.split(separator: "/").last ?? ""
        switch name.contains(".") ? name.split(separator: ".").last?.lowercased() : nil {
        case "npy": self = .npy
        case "csv": self = .csv
        case "raw", "bin": self = .raw
        default:
            throw ToolError(
                .usage, "'\(path)' does not end in .npy, .csv, .raw or .bin: say with --format which of them it is")
        }
    }
}
