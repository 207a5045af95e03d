/// Text of the tool without what differs from run to run.
extension String {
    /// Sizes as `SIZE`, identities as `ID`, and each of the words as what stands for it.
    public func masked(_ words: KeyValuePairs<String, String> = [:]) -> String {
        var text = self
        for (word, mask) in words {
            text = text.split(separator: word, omittingEmptySubsequences: false).joined(separator: mask)
        }
        return text.replacing(#/[0-9a-f]{32}/#, with: "ID").replacing(#/[0-9.]+ [KMG]?i?B\b/#, with: "SIZE")
    }
}
