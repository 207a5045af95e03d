import Glibc

/// What is known of a file that may be a terminal.
struct Terminal {
    struct Size: Equatable {
        var columns: Int
        var rows: Int
    }

    let file: Int32

    var isTerminal: Bool { isatty(file) == 1 }

    /// Whether the cursor can be moved, and lines erased.
    var canDraw: Bool { isTerminal && !["dumb", "", nil].contains(SystemCall.environment("TERM")) }

    /// Whether colours are wanted: never in a file or a pipe, nor where `NO_COLOR` has a value.
    var hasColours: Bool { canDraw && (SystemCall.environment("NO_COLOR") ?? "").isEmpty }

    /// What is usual where nobody says.
    var size: Size {
        var size = winsize()
        guard unsafe ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Size(columns: 80, rows: 24)
        }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }
}
