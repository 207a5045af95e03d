import CCellar

extension Catalog {
    /// What a new structure is to be.
    struct StructureRequest {
        var form: StructureForm
        var isVolatile: Bool
        /// The identity of one that is on disk already.
        var uid: UInt64?
    }

    /// Makes a structure, of zeros. The name must be free. Steps as in `create`.
    func create(_ name: NameBytes, _ request: StructureRequest) throws(StoreError) -> CellHeader {
        let form = request.form
        let bytes = try SchemaTable(segment: segment).intern(Schema(.scalar(.uint8)))
        let textSize = form.text.utf8.count
        return try create(
            name, isStored: request.uid != nil,
            form: { (id, uid) in
                CellForm(
                    kind: .structure, isVolatile: request.isVolatile, schema: bytes, count: form.byteCount,
                    elementSize: 1, elementStride: 1, elementAlignment: 1, id: id, uid: request.uid ?? uid,
                    extraSize: StructureReference.headSize + form.index.byteCount + textSize)
            }, state: request.uid == nil ? .live : .loading
        ) { (cell, layout, plan) throws(StoreError) in
            guard let payload = plan.payload else { return }
            try layOut(cell, layout, plan, payload)
            let reference = try CellReference(cell, size: 1, alignment: 1)
            let start = reference.arrayWord(CELLAR_ARRAY_EXTRA).relaxed()
            let head = unsafe try segment.require(start, count: StructureReference.headSize, "an index")
                .assumingMemoryBound(to: cellar_structure.self)
            unsafe head.pointee.index_size = UInt64(form.index.byteCount)
            unsafe head.pointee.text_size = UInt32(textSize)
            try StructureReference(cell).initialise(form)
        }
    }
}
