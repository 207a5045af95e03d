/// Decimal numbers as records have them: digits only, and no zero in front.
enum DecimalText {
    static func parse<Number: FixedWidthInteger & UnsignedInteger>(_ digits: some Collection<UInt8>) -> Number? {
        let zero = UInt8(ascii: "0")
        guard !digits.isEmpty, digits.first != zero || digits.count == 1 else { return nil }
        var number: Number = 0
        for digit in digits {
            guard (zero...zero + 9).contains(digit) else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Number(digit - zero))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number
    }
}
