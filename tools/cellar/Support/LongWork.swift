import Cellar

/// Work of the library that may take long: shown by a progress bar, and ended by the signals that end programs, after it has
/// put away what it began.
enum LongWork {
    typealias Report = (_ done: Int, _ total: Int) throws(StoreError) -> Void

    static func run<Result>(
        _ label: String, isQuiet: Bool, _ body: (Report) throws(StoreError) -> Result
    ) throws -> Result {
        TerminatingSignals.block()
        defer { TerminatingSignals.unblock() }
        var ended: EndedBySignal?
        var bar: ProgressBar?
        var shown = 0
        defer { bar?.finish() }
        do throws(StoreError) {
            return try body { (done, total) throws(StoreError) in
                if bar == nil { bar = ProgressBar(total: total, label: label, isQuiet: isQuiet) }
                bar?.advance(by: done - shown)
                shown = done
                do { try TerminatingSignals.check() } catch {
                    ended = error as? EndedBySignal
                    throw StoreError(.closed, "ended by a signal")
                }
            }
        } catch {
            if let ended { throw ended }
            throw error
        }
    }
}
