/// Every row, in the order in which they are measured.
func allRows(large: Bool) -> [Row] {
    valueRows + lockRows + arrayRows + dictionaryRows(large: large) + tableRows + transactionRows + queueRows + wakeRows
        + lifeRows + memoryRows
}
