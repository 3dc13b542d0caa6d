/// Builds FastCGI records, regular and otherwise (FastCGI 1.0, section 3.3).
enum Records {
    static let begin: UInt8 = 1
    static let abort: UInt8 = 2
    static let parameters: UInt8 = 4
    static let input: UInt8 = 5
    static let data: UInt8 = 8
    static let getValues: UInt8 = 9

    static func record(_ type: UInt8, id: UInt16 = 1, _ content: [UInt8] = [], padding: UInt8 = 0, version: UInt8 = 1)
        -> [UInt8]
    {
        let length = UInt16(content.count)
        return [version, type, UInt8(id >> 8), UInt8(id & 255), UInt8(length >> 8), UInt8(length & 255), padding, 0]
            + content + [UInt8](repeating: 0, count: Int(padding))
    }

    static func beginRequest(role: UInt8 = 1, keep: Bool = true) -> [UInt8] {
        record(begin, [0, role, keep ? 1 : 0, 0, 0, 0, 0, 0])
    }

    static func pair(_ name: String, _ value: String) -> [UInt8] {
        length(name.utf8.count) + length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
    }

    static func length(_ count: Int) -> [UInt8] {
        count < 128
            ? [UInt8(count)]
            : [UInt8(count >> 24 & 127) | 128, UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
    }

    /// A whole request as nginx sends it.
    static func request(_ pairs: [(String, String)], body: [UInt8] = []) -> [UInt8] {
        head(pairs) + (body.isEmpty ? [] : record(input, body)) + record(input)
    }

    /// What stands before the input.
    static func head(_ pairs: [(String, String)]) -> [UInt8] {
        let parameterBytes = pairs.flatMap { pair($0.0, $0.1) }
        return beginRequest() + (pairs.isEmpty ? [] : record(parameters, parameterBytes)) + record(parameters)
    }

    /// A body cut into records, with its end.
    static func body(_ bytes: [UInt8], recordLength: Int, padding: UInt8 = 0) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: recordLength).flatMap {
            record(input, Array(bytes[$0..<min($0 + recordLength, bytes.count)]), padding: padding)
        } + record(input, padding: padding)
    }
}
