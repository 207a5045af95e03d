import BenchmarkSupport
import Glibc

/// Cellar's program in the comparison: does works as it is told on standard input (see `Harness`).
///
///     cellar-peer --directory DIR                  answers `prepare WORK key=value…`, `run`, `finish`
///     cellar-peer --part WORK key=value…           another process of a work; answers `go COUNT`
@main
struct CellarPeer {
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "--directory" where arguments.count == 2:
            var harness = Harness(directory: arguments[arguments.startIndex + 1])
            answerLines { harness.answer($0) }
            harness.finish()
        case "--part" where arguments.count >= 2:
            let words = arguments.dropFirst(2).map { Substring($0) }
            Part.serve(arguments[arguments.startIndex + 1], Parameters(words))
        default:
            print("usage: cellar-peer --directory DIR")
            exit(2)
        }
    }
}
