public import Cellar
import FoundationEssentials

extension TableCodec where Value: Codable {
    /// Values as JSON, with the names of an object in alphabetical order, as Foundation's coders have it: for types that are
    /// not plain. Reading and writing one costs some microseconds, where a plain value costs a copy.
    ///
    /// A type may gain optional members; what the stored JSON lacks or has besides is then as `Codable` makes of it.
    public static var json: TableCodec {
        TableCodec(
            type: "json",
            encode: { value in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                return [UInt8](try encoder.encode(value))
            },
            decode: { bytes in try JSONDecoder().decode(Value.self, from: Data(bytes)) })
    }
}
