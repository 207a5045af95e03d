import CCellar

extension Catalog {
    /// What a new dictionary is to be.
    struct DictionaryRequest {
        var type: DictionaryType
        var isVolatile: Bool
        /// The identity of one that is on disk already, and how many entries each of its stripes has there.
        var stored: (uid: UInt64, counts: [UInt64])?
    }

    /// Makes a dictionary. The name must be free. Steps as in `create`.
    func create(_ name: NameBytes, _ request: DictionaryRequest) throws(StoreError) -> CellHeader {
        let key = try word(for: request.type.key)
        let value = try word(for: request.type.value)
        return try create(
            name, isStored: request.stored != nil,
            form: { (id, uid) in
                CellForm(
                    kind: .dictionary, isVolatile: request.isVolatile, schema: value, count: 1, elementSize: 0,
                    elementStride: 0, elementAlignment: 1, id: id, uid: request.stored?.uid ?? uid)
            }
        ) { (cell, form, plan) throws(StoreError) in
            try layOut(cell, plan, request, key: key, value: value)
        }
    }

    private func word(for type: EntryType) throws(StoreError) -> UInt64 {
        switch type {
        case .text: EntryTypeWord.text
        case .bytes: EntryTypeWord.bytes
        case .plain(let schema): try SchemaTable(segment: segment).intern(schema)
        }
    }

    private func layOut(
        _ cell: CellHeader, _ plan: CellForm.Plan, _ request: DictionaryRequest, key: UInt64, value: UInt64
    ) throws(StoreError) {
        // No crash point: the block is nobody's yet.
        guard let place = plan.array, let payload = plan.payload else { return }
        cell.word.setRelaxed(cell.offset + UInt64(place))
        let fields = unsafe try DictionaryPart(cell).fields
        unsafe fields.pointee.key_type = key
        unsafe fields.pointee.value_type = value
        unsafe fields.pointee.key_size = UInt32(request.type.key.fixedSize ?? 0)
        unsafe fields.pointee.value_size = UInt32(request.type.value.fixedSize ?? 0)
        unsafe fields.pointee.stripe_count = UInt32(DictionaryShape.stripeCount)
        unsafe fields.pointee.flags = request.type.expires ? 1 : 0
        unsafe fields.pointee.seed = request.type.seed
        unsafe fields.pointee.capacity = request.type.capacity
        unsafe fields.pointee.stripes = UInt64(Rounding.up(Int(cell.offset) + payload, to: 64))
        let reference = try DictionaryReference(cell)
        for index in 0..<DictionaryShape.stripeCount {
            let stripe = reference.stripe(index)
            let result = stripe.lock.initialize()
            if result != 0 { throw .system("make a stripe's lock", result) }
            let first = unsafe segment.offset(of: stripe.address) + UInt64(CELLAR_STRIPE_FIRST_DIRTY)
            stripe.directory.setRelaxed(first)
            if let stored = request.stored {
                let count = index < stored.counts.count ? stored.counts[index] : 0
                stripe.count.setRelaxed(count)
                try stripe.table().entry(0).setRelaxed(Stripe.unloaded)
            }
        }
    }
}
