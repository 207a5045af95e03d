import CCellar
import Glibc

/// A segment that a store has, or had, in shared memory.
public struct SegmentInfo: Sendable, Hashable {
    /// What there is to know of its store.
    public enum State: String, Sendable, CaseIterable {
        /// A process that lives has it open.
        case inUse
        /// Nobody has it open, and its store is there: whoever opens that goes on with it.
        case atRest
        /// Nobody has it open, and its store is not where it was.
        case gone
        /// It was made before the machine's last start, or its maker died at it: whoever opens the store makes it anew.
        case stale
        /// Its store may be in another container, or it was not noted where it is.
        case unknown
        /// Another user's.
        case foreign
        /// Its bytes cannot be understood: damaged, or another version's.
        case unreadable
    }

    /// Its name in /dev/shm.
    public let name: String
    /// Bytes of memory.
    public let byteCount: Int
    /// The user's number.
    public let owner: UInt32
    /// Whether somebody needs it, as far as that can be known.
    public let state: State
    /// Where its store is, or was.
    public let path: String?
    /// Who has it open, and who died having it open.
    public let attachments: [AttachmentInfo]
    /// Whether it has something that the disk does not have: changes since the last checkpoint.
    public let hasUnsavedChanges: Bool
}

/// Looks through shared memory for segments of stores. Changes nothing.
enum SegmentSurvey {
    private static let prefix = "cellar-"

    static func run() throws(StoreError) -> [SegmentInfo] {
        let boot = try MachineIdentity.bootID()
        let names = try FileNames.of(SharedMemoryObject.folder).filter { identity(of: $0) != nil }
        return names.sorted().compactMap { look($0, boot) }
    }

    /// Whose segment the name is, or was.
    private static func identity(of name: String) -> Identity? {
        guard name.hasPrefix(prefix) else { return nil }
        var digits = name.dropFirst(prefix.count)
        if digits.hasSuffix(SharedMemoryObject.goneSuffix) {
            digits = digits.dropLast(SharedMemoryObject.goneSuffix.count)
        }
        return digits.utf8.count == 32 ? Identity(hexadecimal: digits) : nil
    }

    /// Nil if it went away meanwhile.
    private static func look(_ name: String, _ boot: Identity) -> SegmentInfo? {
        var status = stat()
        guard let store = identity(of: name),
            unsafe lstat(SharedMemoryObject.folder + "/" + name, &status) == 0
        else { return nil }
        func info(
            _ state: SegmentInfo.State, _ path: String? = nil, _ attachments: [AttachmentInfo] = [], dirty: Bool = false
        ) -> SegmentInfo {
            SegmentInfo(
                name: name, byteCount: Int(status.st_size), owner: status.st_uid, state: state, path: path,
                attachments: attachments, hasUnsavedChanges: dirty)
        }
        guard status.st_uid == geteuid() else { return info(.foreign) }
        if name.hasSuffix(SharedMemoryObject.goneSuffix) { return info(.stale) }
        let ownership = Ownership(owner: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o777)
        do throws(StoreError) {
            let found = try Segment.find(
                SegmentIdentity(store: store, boot: boot), reserve: StoreOptions().addressReserve, isReadOnly: true,
                ownership: ownership)
            switch found {
            case .none: return nil
            case .stale: return info(.stale)
            case .living(let segment):
                let attachments = ProcessTable(segment: segment).attachments()
                let place = segment.place
                let state = attachments.contains(where: \.isAlive) ? .inUse : state(of: store, place)
                return info(
                    state, place?.path, attachments, dirty: CellTable(segment: segment).hasDirtyPages)
            }
        } catch {
            return info(.unreadable)
        }
    }

    // MARK: The store

    /// Whether the store of a segment that nobody has open is where it was.
    private static func state(of store: Identity, _ place: SegmentPlace?) -> SegmentInfo.State {
        guard let place, place.view != 0, place.view == MachineIdentity.fileView() else { return .unknown }
        switch isThere(store, place.path) {
        case true?: return .atRest
        case nil: return .unknown
        case false?: return isBeside(place, store) ? .unknown : .gone
        }
    }

    /// Whether the store is at the path; nil if that cannot be found out.
    private static func isThere(_ store: Identity, _ path: String) -> Bool? {
        do throws(StoreError) {
            let directory = try StoreDirectory(existing: path)
            guard directory.ownership != nil else { return false }
            var options = Database.Options()
            options.access = .readOnly
            let database = try Database.open(directory: path, options)
            defer { try? database.close() }
            let catalogue = try Catalogue.open(database)
            let found = try Opening(directory: directory, options: .readOnly).storeIdentity(catalogue)
            return found.segment.store == store && !found.isCopy
        } catch {
            return error.code == .noSuchStore ? false : nil
        }
    }

    /// Whether the store may be there under another name: somebody renamed its directory, or what that is in. (A new directory
    /// may have the number of one that is gone.)
    private static func isBeside(_ place: SegmentPlace, _ store: Identity) -> Bool {
        let parts = place.path.split(separator: "/")
        for depth in 1...2 where parts.count >= depth {
            let folder = "/" + parts.dropLast(depth).joined(separator: "/")
            let rest = parts.suffix(depth - 1).joined(separator: "/")
            for name in (try? FileNames.of(folder)) ?? [] {
                let path = "\(folder)/\(name)/\(rest)"
                if isDirectory(of: place, path), isThere(store, path) != false { return true }
            }
        }
        return false
    }

    private static func isDirectory(of place: SegmentPlace, _ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && UInt64(status.st_ino) == place.inode
            && UInt64(status.st_dev) == place.device
    }
}
