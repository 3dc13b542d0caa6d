internal import WireFormats

/// The parameters of one statement, or the options of a connection, in the layout that libpq wants, all values in one
/// array of bytes.
///
/// A connection keeps one and fills it anew for each run, so that a run on the hot path allocates next to nothing.
struct ParameterBuffer {
    /// The values one after the other, each followed by a NUL, which libpq needs after a text.
    private var bytes: [UInt8] = []
    /// Where each value begins in `bytes`; nil is SQL's NULL.
    private var offsets: [Int?] = []
    /// The length of each value, which libpq reads for binary ones only.
    private(set) var lengths: [Int32] = []
    /// 0 for text, 1 for binary.
    private(set) var formats: [Int32] = []
    /// The type of each value, 0 where the server is to infer it.
    private(set) var types: [UInt32] = []

    var count: Int { offsets.count }

    /// Lends the values as C strings, with a null pointer after the last.
    func withPointers<Result>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
        unsafe bytes.withUnsafeBytes { bytes in
            var pointers = unsafe offsets.map { (offset: Int?) -> UnsafePointer<CChar>? in
                guard let offset, let start = bytes.baseAddress else { return nil }
                return unsafe (start + offset).assumingMemoryBound(to: CChar.self)
            }
            unsafe pointers.append(nil)
            return unsafe body(pointers)
        }
    }

    /// - Throws: `invalidParameter` for a text that contains NUL, which a C string would silently end at.
    mutating func fill(with parameters: [Parameter]) throws(DatabaseError) {
        bytes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        formats.removeAll(keepingCapacity: true)
        types.removeAll(keepingCapacity: true)
        for parameter in parameters {
            try append(parameter)
        }
    }

    private mutating func append(_ parameter: Parameter) throws(DatabaseError) {
        let offset = bytes.count
        switch parameter {
        case .null:
            return end(at: nil, type: 0, format: 0)
        case .text(let text):
            bytes.append(contentsOf: text.utf8)
            guard !bytes[offset...].contains(0) else { throw DatabaseError(.invalidParameter) }
            end(at: offset, type: 0, format: 0)
        case .integer(let integer):
            bytes.append(contentsOf: String(integer).utf8)
            end(at: offset, type: 0, format: 0)
        case .boolean(let boolean):
            bytes.append(boolean ? 1 : 0)
            end(at: offset, type: TypeID.boolean, format: 1)
        case .uuid(let uuid):
            appendBigEndian(uuid.high)
            appendBigEndian(uuid.low)
            end(at: offset, type: TypeID.uuid, format: 1)
        case .bytes(let value):
            bytes.append(contentsOf: value)
            end(at: offset, type: TypeID.bytes, format: 1)
        case .byteArrays(let values):
            appendArrayLiteral(values)
            end(at: offset, type: TypeID.byteArrays, format: 0)
        case .timestamp(let time):
            appendBigEndian(UInt64(bitPattern: PostgresTime.microseconds(of: time)))
            end(at: offset, type: TypeID.timestamp, format: 1)
        }
    }

    private mutating func end(at offset: Int?, type: UInt32, format: Int32) {
        lengths.append(Int32(truncatingIfNeeded: bytes.count - (offset ?? bytes.count)))
        offsets.append(offset)
        types.append(type)
        formats.append(format)
        bytes.append(0)
    }

    /// `{"\\x00ff","\\x"}`: a backslash is doubled inside the quotes of an array's element.
    private mutating func appendArrayLiteral(_ values: [[UInt8]]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: #""\\x"#.utf8)
            for byte in value {
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func appendBigEndian(_ integer: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: integer >> UInt64(shift)))
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
