import Cellar

/// Exact addition of a number to a cell of any numeric type.
struct Addition {
    private let info: CellInfo
    private let operand: CellContent

    init(_ text: String, to info: CellInfo) throws {
        guard case .scalar(let scalar) = info.schema.shape, scalar != .bool else {
            throw ToolError(.badData, "'\(info.name)' is of type '\(info.schema)', to which nothing can be added: use 'set'")
        }
        self.info = info
        switch scalar {
        case .float16, .float, .double: operand = try CellContent(parsing: text, as: info.schema)
        default: operand = try Self.whole(text)
        }
    }

    /// A whole number of either sign, which may be larger than the cell's type.
    private static func whole(_ text: String) throws -> CellContent {
        do {
            return try CellContent(parsing: text, as: Schema(parsing: "int128"))
        } catch {
            guard let large = try? CellContent(parsing: text, as: Schema(parsing: "uint128")) else { throw error }
            return large
        }
    }

    func sum(_ old: CellContent) throws -> CellContent {
        guard let sum = exactSum(old) else {
            throw StoreError(
                .invalidValue, "'\(info.name)' is \(old), and the sum with \(operand) is beyond its type "
                    + "'\(info.schema)': nothing was changed")
        }
        return sum
    }

    private func exactSum(_ old: CellContent) -> CellContent? {
        switch (old, operand) {
        case (.integer(let old), .integer(let operand)): exact(old.addingReportingOverflow(operand)).map { .integer($0) }
        case (.unsigned(let old), .unsigned(let operand)): exact(old.addingReportingOverflow(operand)).map { .unsigned($0) }
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

    /// Nil also if the cell's own type, which may be narrower, does not hold it.
    private func exact<Whole: FixedWidthInteger>(_ result: (partialValue: Whole, overflow: Bool)) -> Whole? {
        guard !result.overflow else { return nil }
        let content: CellContent =
            Whole.isSigned ? .integer(Int128(truncatingIfNeeded: result.partialValue)) : .unsigned(UInt128(result.partialValue))
        return (try? info.schema.bytes(of: content)) == nil ? nil : result.partialValue
    }

    private func finite<Number: BinaryFloatingPoint>(_ old: Number, _ operand: Number) -> Number? {
        let sum = old + operand
        return old.isFinite && operand.isFinite && !sum.isFinite ? nil : sum
    }
}
