import CCellar

/// What the holder of the allocation lock is about to do, so that a successor can finish or undo it.
///
/// | operation | block | second | cell | other | after a crash |
/// |---|---|---|---|---|---|
/// | none | – | – | – | – | nothing was under way |
/// | publish | taken block | – | – | offset of the word that will point to it | if the word does not point to it, free it |
/// | create | the cell's block | – | – | – | if the directory has it, finish; else free it |
/// | growDirectory | limbo record | new table | – | – | if the new table is current, link the record; else free both |
/// | remove | limbo record | – | the cell | – | if the cell is marked removed, finish; else free the record |
/// | prepareRename | name block | stub block | – | – | free both |
/// | rename | name block | stub block | the cell | its new name word | finish |
/// | reclaim | freed block | limbo record | – | – | take the record off the list, free both |
///
/// Fields are written first and `operation` last, with one release store; `advance` only adds fields that the
/// operation before does not use, so that no moment has a mixture. Everything runs under the allocation lock, whose
/// hand-over orders the rest.
struct Intent {
    enum Operation: UInt64 {
        case none, publish, create, growDirectory, remove, prepareRename, rename, reclaim
    }

    let segment: Segment

    private func word(_ field: Int) -> SharedWord { segment.word(CELLAR_HEADER_INTENT + field) }

    var operation: Operation? { Operation(rawValue: word(CELLAR_INTENT_OPERATION).acquire()) }
    var block: Block {
        Block(offset: word(CELLAR_INTENT_BLOCK).relaxed(), size: word(CELLAR_INTENT_BLOCK_SIZE).relaxed())
    }
    var second: Block {
        Block(offset: word(CELLAR_INTENT_SECOND).relaxed(), size: word(CELLAR_INTENT_SECOND_SIZE).relaxed())
    }
    var cell: UInt64 { word(CELLAR_INTENT_CELL).relaxed() }
    var other: UInt64 { word(CELLAR_INTENT_OTHER).relaxed() }

    /// Declares an operation. None must be under way.
    func begin(_ operation: Operation, block: Block, other: UInt64 = 0) {
        word(CELLAR_INTENT_BLOCK).setRelaxed(block.offset)
        word(CELLAR_INTENT_BLOCK_SIZE).setRelaxed(block.size)
        word(CELLAR_INTENT_SECOND).setRelaxed(0)
        word(CELLAR_INTENT_SECOND_SIZE).setRelaxed(0)
        word(CELLAR_INTENT_CELL).setRelaxed(0)
        word(CELLAR_INTENT_OTHER).setRelaxed(other)
        crashPoint("intent: filled in")
        word(CELLAR_INTENT_OPERATION).release(operation.rawValue)
        crashPoint("intent: declared")
    }

    /// Turns the operation under way into the next one, adding what that needs.
    func advance(to operation: Operation, second: Block? = nil, cell: UInt64? = nil) {
        if let second {
            word(CELLAR_INTENT_SECOND).setRelaxed(second.offset)
            word(CELLAR_INTENT_SECOND_SIZE).setRelaxed(second.size)
        }
        if let cell { word(CELLAR_INTENT_CELL).setRelaxed(cell) }
        crashPoint("intent: added to")
        word(CELLAR_INTENT_OPERATION).release(operation.rawValue)
        crashPoint("intent: advanced")
    }

    /// Turns a prepared rename into one that will be finished, whatever happens.
    func commitRename(cell: UInt64, name: UInt64) {
        word(CELLAR_INTENT_CELL).setRelaxed(cell)
        word(CELLAR_INTENT_OTHER).setRelaxed(name)
        crashPoint("rename: filled in")
        word(CELLAR_INTENT_OPERATION).release(Operation.rename.rawValue)
    }

    func end() {
        word(CELLAR_INTENT_OPERATION).release(Operation.none.rawValue)
        crashPoint("intent: ended")
    }
}
