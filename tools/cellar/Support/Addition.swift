import Cellar

/// Exact addition of a number to a cell of any numeric type.
struct Addition {
    private let name: String
    private let schema: Schema
    private let operand: CellContent

    init(_ text: String, to name: String, of schema: Schema) throws {
        guard case .scalar(let scalar) = schema.shape, scalar != .bool else {
            throw ToolError(
                .badData, "'\(name)' is of type '\(schema)', to which nothing can be added: use 'set'")
        }
        (self.name, self.schema) = (name, schema)
        let isWhole = ![.float16, .float, .double].contains(scalar)
        guard let operand = isWhole ? Self.whole(text) : try? CellContent(parsing: text, as: schema) else {
            throw ToolError(
                .badData,
                "'\(text)' cannot be added to '\(name)', which is of type '\(schema)': "
                    + (isWhole ? "it takes whole numbers" : "it takes numbers in the range of its type"))
        }
        self.operand = operand
    }

    /// A whole number of either sign, which may be larger than the cell's type.
    private static func whole(_ text: String) -> CellContent? {
        for type in ["int128", "uint128"] {
            if let number = try? CellContent(parsing: text, as: Schema(parsing: type)) { return number }
        }
        return nil
    }

    func sum(_ old: CellContent) throws -> CellContent {
        // The cell's own type may be narrower than the one that the sum is made in.
        guard let sum = exactSum(old), (try? schema.bytes(of: sum)) != nil else {
            throw StoreError(
                .invalidValue,
                "'\(name)' is \(old), and the sum with \(operand) is beyond its type "
                    + "'\(schema)': nothing was changed")
        }
        return sum
    }

    private func exactSum(_ old: CellContent) -> CellContent? {
        switch (old, operand) {
        case (.integer(let old), .integer(let operand)):
            exact(old.addingReportingOverflow(operand)).map { .integer($0) }
        case (.unsigned(let old), .unsigned(let operand)):
            exact(old.addingReportingOverflow(operand)).map { .unsigned($0) }
        case (.unsigned(let old), .integer(let operand)):
            exact(
                operand < 0
                    ? old.subtractingReportingOverflow(operand.magnitude)
                    : old.addingReportingOverflow(operand.magnitude)
            ).map { .unsigned($0) }
        case (.float(let old), .float(let operand)): finite(old, operand).map { .float($0) }
        case (.floating(let old), .floating(let operand)): finite(old, operand).map { .floating($0) }
        default: nil
        }
    }

    private func exact<Whole>(_ result: (partialValue: Whole, overflow: Bool)) -> Whole? {
        result.overflow ? nil : result.partialValue
    }

    private func finite<Number: BinaryFloatingPoint>(_ old: Number, _ operand: Number) -> Number? {
        let sum = old + operand
        return old.isFinite && operand.isFinite && !sum.isFinite ? nil : sum
    }
}
