import Cellar

/// How the tool ends, by kind of failure. The numbers are those of sysexits.h.
enum ExitStatus: Int32 {
    case success = 0
    /// The demo's totals differ.
    case unequal = 1
    case usage = 64
    case badData = 65
    case noInput = 66
    case cannotCreate = 73
    case inputOutput = 74
    /// lock: somebody else held it for all the time that there was.
    case lockIsHeld = 75
    case noPermission = 77
    /// A command that is to be run cannot be, or is not there; as shells have it.
    case commandNotRun = 126
    case commandNotFound = 127
}

extension ExitStatus {
    init(_ code: StoreError.Code) {
        self =
            switch code {
            case .invalidName: .usage
            case .notAStore, .incompatible, .corruptSegment, .corruptDatabase, .unsupportedType, .mismatch,
                .invalidValue, .ownerDied:
                .badData
            case .noSuchStore, .noSuchCell, .removed: .noInput
            case .cellExists, .pathExists: .cannotCreate
            case .permissionDenied: .noPermission
            case .inUse, .segmentElsewhere, .networkFileSystem, .memoryFull, .diskFull, .limitReached, .timedOut,
                .readOnly, .closed, .leaseEnded, .peerGone, .broken, .systemFailure:
                .inputOutput
            }
    }
}

/// A failure that the tool found itself: one line that says what is wrong and what to do.
struct ToolError: Error {
    var status: ExitStatus
    var message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
