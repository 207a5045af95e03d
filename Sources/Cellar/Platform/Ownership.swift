import Glibc

/// Whose a store is, and whom it lets in: what its data file says. The segment must say the same.
struct Ownership: Sendable, Hashable {
    var owner: uid_t
    var group: gid_t
    /// Permission bits.
    var mode: mode_t

    /// Whether an object with this status can only have been put there by somebody who may write the store anyway: by
    /// its owner or, where the store is the group's or everybody's to write, by one of those. (Nobody can give a file to
    /// a group that he is not of.) And whether it is closed to all whom the store is closed to.
    func covers(_ status: stat) -> Bool {
        guard status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o777 & ~mode == 0 else { return false }
        return status.st_uid == owner || mode & 0o006 == 0o006 || (mode & 0o060 == 0o060 && status.st_gid == group)
    }

    /// Gives a new file to whom the store belongs, as far as the caller may: root can give it to the owner, a member to
    /// the group. A group that may not use the store need not be given anything.
    func apply(to file: FileDescriptor) throws(StoreError) {
        try file.setMode(mode)
        if geteuid() != owner { _ = fchown(file.number, owner, gid_t.max) }
        if mode & 0o070 != 0 { _ = fchown(file.number, uid_t.max, group) }
    }
}
