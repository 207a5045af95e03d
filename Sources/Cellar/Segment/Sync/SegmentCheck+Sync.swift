extension SegmentCheck {
    /// The parties of a lock or signal are in states that there are. Others may change them meanwhile, each in one step.
    mutating func checkParties(of cell: CellHeader, _ name: String) throws(StoreError) {
        let reference = try StructureReference(cell)
        let form = try reference.form
        guard let shape = SyncShape(parsing: form.text, form.kind) else { return }
        let table = PartyTable(reference, shape)
        for index in 0..<table.capacity {
            let state = table.party(index).state
            if state.phase == nil || state.phase != .free && state.how == nil {
                return note(.damaged, "locks", "entry \(index) of '\(name)' is in no known state")
            }
        }
    }
}
