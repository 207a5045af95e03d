/// File systems on which a store cannot live.
///
/// LMDB maps its file and keeps its locks in a mapped file too. Both need one machine's page cache: on a network file system
/// two machines would each have their own, and write over each other. FUSE is refused as well: most of what is mounted with
/// it is remote (sshfs, s3fs, gluster), its shared writable mappings are optional, and the kernel does not say which driver is
/// behind it.
package enum NetworkFileSystem {
    /// The name of the network file system with the given `f_type` of `statfs`, or nil for one that a store can live on.
    static func name(ofType type: UInt32) -> String? { names[type] }

    /// The name of the network file system that the path lies on; nil if it lies on one that a store can live on, or on none.
    package static func name(at path: String) -> String? {
        guard let type = try? SystemCalls.fileSystemType(of: path) else { return nil }
        return name(ofType: type)
    }

    /// The kernel's magic numbers (linux/magic.h, and those that file systems define for themselves).
    private static let names: [UInt32: String] = [
        0x0000_6969: "NFS",
        0x0000_517B: "SMB",
        0xFF53_4D42: "CIFS",
        0xFE53_4D42: "SMB2",
        0x5346_414F: "AFS",
        0x6B41_4653: "AFS",
        0x0102_1997: "9P",
        0x00C3_6400: "Ceph",
        0x7375_7245: "Coda",
        0x0000_564C: "NCP",
        0x0BD0_0BD0: "Lustre",
        0x4750_4653: "GPFS",
        0x0116_1970: "GFS2",
        0x7461_636F: "OCFS2",
        0xAAD7_AAEA: "PanFS",
        0x1983_0326: "BeeGFS",
        0x2003_0528: "OrangeFS",
        0x786F_4256: "VirtualBox shared folder",
        0x6573_5546: "FUSE",
    ]
}

extension Database {
    /// Throws `.networkFileSystem`, naming the type, when `directory` lies on a file system on which a store cannot live.
    static func refuseNetworkFileSystem(directory: String) throws(StoreError) {
        guard let name = NetworkFileSystem.name(ofType: try SystemCalls.fileSystemType(of: directory)) else { return }
        throw StoreError(
            .networkFileSystem,
            "'\(directory)' lies on \(name), where memory maps and locks are not reliable; put the store on a local disk"
        )
    }
}
