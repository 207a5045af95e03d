import CLMDB

/// The library behind stores' files. For the tool.
package enum DatabaseLibrary {
    package static var version: (major: Int, minor: Int, patch: Int) {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        _ = unsafe mdb_version(&major, &minor, &patch)
        return (Int(major), Int(minor), Int(patch))
    }
}
