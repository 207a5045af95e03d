let transactionRows: [Row] = [
    Row("transaction, of two words", "transaction-words", goals: [.figure(300)]),
    Row("transaction, of two structs of 64 bytes", "transaction-blocks"),
    Row("transaction, of a word and an entry", "transaction-entry"),
    Row("transaction, of a word and a row, on disk", "transaction-row"),
    Row("snapshot, of two words", "snapshot"),
]
