extension Store {
    /// The block `name`: the one that is there, or a new one of `byteCount` zeros.
    ///
    /// Throws `.mismatch`, saying both sides, if it has another size or persistence, or is no block; `.invalidName`;
    /// `.memoryFull`.
    public func block(
        _ name: String, byteCount: Int, persistence: Persistence = .persistent
    ) throws(StoreError) -> SharedBlock {
        precondition(byteCount > 0, "a block has at least one byte")
        guard byteCount <= BlockShape.mostBytes else {
            throw StoreError(.memoryFull, "a block of \(byteCount) bytes fits in no segment")
        }
        return try block(name, BlockShape(byteCount: byteCount), persistence)
    }

    /// The block `name`, of whatever size, which must be there: `.noSuchCell` otherwise.
    public func block(_ name: String) throws(StoreError) -> SharedBlock { try block(name, nil, nil) }

    /// All bytes of the block `name`, as of one moment: in memory, or on disk where the store was opened read-only and nobody has
    /// it in memory. `.noSuchCell`, and as `SharedBlock.bytes`. O(n).
    public func blockBytes(_ name: String) throws(StoreError) -> [UInt8] {
        if let (_, image) = try attachment.structureImage(name, kind: .block) { return image.all }
        return try block(name).bytes()
    }

    private func block(
        _ name: String, _ wanted: BlockShape?, _ persistence: Persistence?
    ) throws(StoreError) -> SharedBlock {
        let cell = try attachment.structure(name, wanted?.form, persistence, kind: .block) { form in
            wanted == nil || form == wanted?.form
        }
        return SharedBlock(BlockCore(cell))
    }
}
