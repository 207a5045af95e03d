import CCellar

/// A structure that was asked for, and the process's attachment that keeps its memory mapped.
@usableFromInline
struct StructureCell: Sendable {
    @usableFromInline let attachment: Attachment
    @usableFromInline let reference: StructureReference
    let name: String
    let form: StructureForm
    let isVolatile: Bool
    let segment: Segment
}

extension Attachment {
    /// The structure of the name, if it is in memory or on disk; one of `form` is made if there is none. What is there is kept
    /// where `accepts` says that it is what the caller means.
    ///
    /// Throws `.mismatch`, saying both sides; `.readOnly` where nobody has it in memory and this process may not bring it there.
    func structure(
        _ name: String, _ form: StructureForm?, _ persistence: Persistence?, kind: StructureKind,
        accepts: (StructureForm) -> Bool
    ) throws(StoreError) -> StructureCell {
        try checkUsable()
        if let segment, let cell = try liveCell(name, segment) {
            return try structure(cell, name, form, persistence, kind, accepts)
        }
        if let found = try info(of: name), found.form == nil { throw mismatch(found, form, kind, persistence) }
        if writePolicy == Self.readOnly {
            guard try record(name) == nil else {
                throw StoreError(
                    .readOnly,
                    "the \(kind.rawValue) '\(name)' is on disk, and nobody has it in memory: open the store for writing once"
                )
            }
            throw Self.noSuchCell(name, in: directory.path)
        }
        try CellName.check(name)
        // What could not be read back would keep the whole store from being listed and written.
        precondition(form.map { StructureForm(parsing: $0.text) == $0 } ?? true, "a form is what its text says")
        let cell = try bringIn(name, creates: form != nil) { (bytes, catalog) throws(StoreError) in
            if let offset = try Directory(segment: catalog.segment).find(bytes) {
                let cell = try CellHeader(segment: catalog.segment, at: offset)
                if cell.state != .removed { return cell }
            } else if let record = try record(name) {
                guard record.kind == .structure else {
                    throw mismatch(try info(record, name: name), form, kind, persistence)
                }
                return try bringInStructure(bytes, record, name, catalog)
            }
            guard let form else { return nil }
            return try catalog.create(
                bytes, Catalog.StructureRequest(form: form, isVolatile: persistence == .volatile, uid: nil))
        }
        return try structure(cell, name, form, persistence, kind, accepts)
    }

    private func structure(
        _ cell: CellHeader, _ name: String, _ wanted: StructureForm?, _ persistence: Persistence?,
        _ kind: StructureKind,
        _ accepts: (StructureForm) -> Bool
    ) throws(StoreError) -> StructureCell {
        guard cell.kind == .structure, case let reference = try StructureReference(cell),
            case let form = try reference.form, form.kind == kind, accepts(form),
            persistence == nil || cell.isVolatile == (persistence == .volatile)
        else { throw mismatch(try info(cell), wanted, kind, persistence) }
        return StructureCell(
            attachment: self, reference: reference, name: name, form: form, isVolatile: cell.isVolatile,
            segment: cell.segment)
    }

    private func mismatch(
        _ found: CellInfo, _ wanted: StructureForm?, _ kind: StructureKind, _ persistence: Persistence?
    ) -> StoreError {
        let how = persistence.map { $0 == .volatile ? "a volatile " : "a persistent " } ?? "a "
        return StoreError(
            .mismatch,
            "'\(found.name)' is \(CellWish.describe(found)), and was asked for as \(how)\(wanted?.text ?? kind.rawValue): ask "
                + "for what is there, or use another name")
    }

    // MARK: From disk

    func form(_ record: CellRecord, _ name: String) throws(StoreError) -> StructureForm {
        guard let form = StructureForm(parsing: record.schemaText), UInt64(form.byteCount) == record.count else {
            throw StoreError(.corruptDatabase, "what '\(name)' on disk is cannot be read")
        }
        return form
    }

    /// Under the allocation lock. The content follows, under the structure's own.
    func bringInStructure(_ bytes: NameBytes, _ record: CellRecord, _ name: String, _ catalog: Catalog)
        throws(StoreError) -> CellHeader
    {
        try catalog.create(
            bytes,
            Catalog.StructureRequest(form: try form(record, name), isVolatile: false, uid: record.uid))
    }
}

extension CellInfo {
    init(name: String, _ form: StructureForm, persistence: Persistence, isInMemory: Bool) {
        self.init(
            name: name, kind: Kind(rawValue: form.kind.rawValue) ?? .block, schema: Schema(.scalar(.uint8)),
            count: form.byteCount, persistence: persistence, form: form.text, isInMemory: isInMemory)
    }
}
