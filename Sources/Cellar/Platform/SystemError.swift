import Glibc

extension StoreError {
    /// The error for a failed system call: what was being done, to what, and the system's word for it.
    static func system(_ action: String, _ number: Int32) -> StoreError {
        let reason = unsafe String(cString: strerror(number))
        let code: Code =
            switch number {
            case EACCES, EPERM: .permissionDenied
            case ENOSPC, EDQUOT: .diskFull
            case ENOMEM: .memoryFull
            default: .systemFailure
            }
        return StoreError(code, "cannot \(action): \(reason)", errno: number)
    }
}
