/// A value that a ``JSONWriter`` writes as a string, a number, `true` or `false`.
public protocol JSONScalar {
    func write(to writer: inout JSONWriter)
}

/// Writes compact JSON (RFC 8259) in the order of the calls.
///
/// It does not check that what is begun is ended: a text is one function's work, and its test shows it whole.
///
///     var json = JSONWriter()
///     json.beginObject()
///     json.member("valid", true)
///     json.endObject()
public struct JSONWriter: Sendable {
    /// What has been written so far.
    public private(set) var bytes: [UInt8] = []

    /// Whether the next name or element stands behind another one.
    private var needsComma = false

    /// - Parameter capacity: bytes to set aside, to spare reallocations.
    public init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Begins anew, with the memory that is set aside already.
    public mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Begins an object as an element or as the whole text.
    public mutating func beginObject() {
        begin(UInt8(ascii: "{"))
    }

    /// Begins an object as a member.
    public mutating func beginObject(_ name: String) {
        self.name(name)
        begin(UInt8(ascii: "{"))
    }

    public mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Begins an array as an element or as the whole text.
    public mutating func beginArray() {
        begin(UInt8(ascii: "["))
    }

    /// Begins an array as a member.
    public mutating func beginArray(_ name: String) {
        self.name(name)
        begin(UInt8(ascii: "["))
    }

    public mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// Writes a member; `null` for nil.
    @inlinable
    public mutating func member(_ name: String, _ value: (some JSONScalar)?) {
        self.name(name)
        if let value { value.write(to: &self) } else { writeNull() }
    }

    /// Writes the member `null`; `value` can be nothing but the word `nil`.
    public mutating func member(_ name: String, _ value: Never?) {
        self.name(name)
        writeNull()
    }

    /// Writes a member whose value is JSON already.
    public mutating func member(_ name: String, rawJSON: [UInt8]) {
        self.name(name)
        bytes.append(contentsOf: rawJSON)
        needsComma = true
    }

    /// Writes an element of an array; `null` for nil.
    @inlinable
    public mutating func element(_ value: (some JSONScalar)?) {
        separate()
        if let value { value.write(to: &self) } else { writeNull() }
    }

    /// Writes an element of an array that is JSON already.
    public mutating func element(rawJSON: [UInt8]) {
        separate()
        bytes.append(contentsOf: rawJSON)
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    @usableFromInline
    mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    @usableFromInline
    mutating func name(_ name: String) {
        separate()
        write(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: - Scalars

    /// A string in its quotes. Escaped are, beyond what JSON demands, DEL, the C1 controls and the line separators
    /// U+2028 and U+2029: none of them does harm in a terminal, a log or a script then.
    fileprivate mutating func write(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        let utf8 = string.utf8
        if Self.isPlain(utf8.span) {
            bytes.append(contentsOf: utf8)
        } else {
            for scalar in string.unicodeScalars { writeEscaped(scalar) }
        }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    fileprivate mutating func write(_ id: UUID) {
        bytes.append(UInt8(ascii: "\""))
        id.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    fileprivate mutating func write(_ number: Int64) {
        bytes.append(contentsOf: String(number).utf8)
        needsComma = true
    }

    fileprivate mutating func write(_ bool: Bool) {
        bytes.append(contentsOf: (bool ? "true" : "false").utf8)
        needsComma = true
    }

    @usableFromInline
    mutating func writeNull() {
        bytes.append(contentsOf: "null".utf8)
        needsComma = true
    }

    /// Whether all is printable ASCII that needs no escape.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        var others: UInt64 = 0
        var rest = text
        while rest.count >= 8 {
            let word = rest.firstWord
            others |= ASCII.belowOrBeyond(word, 0x20) | ASCII.equal(word, UInt8(ascii: "\""))
                | ASCII.equal(word, UInt8(ascii: "\\")) | ASCII.equal(word, 0x7f)
            rest = rest.extracting(droppingFirst: 8)
        }
        for index in rest.indices {
            let byte = rest[index]
            if byte < 0x20 || byte > 0x7e || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
        }
        return others == 0
    }

    private mutating func writeEscaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": bytes.append(contentsOf: "\\\"".utf8)
        case "\\": bytes.append(contentsOf: "\\\\".utf8)
        case "\n": bytes.append(contentsOf: "\\n".utf8)
        case "\r": bytes.append(contentsOf: "\\r".utf8)
        case "\t": bytes.append(contentsOf: "\\t".utf8)
        case "\u{0}"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
            bytes.append(contentsOf: "\\u".utf8)
            for shift: UInt32 in [12, 8, 4, 0] {
                bytes.append(ASCII.hexadecimalDigit(UInt8(truncatingIfNeeded: scalar.value >> shift)))
            }
        default:
            bytes.append(contentsOf: String(scalar).utf8)
        }
    }
}

extension String: JSONScalar {
    public func write(to writer: inout JSONWriter) { writer.write(self) }
}

extension UUID: JSONScalar {
    public func write(to writer: inout JSONWriter) { writer.write(self) }
}

extension Int: JSONScalar {
    public func write(to writer: inout JSONWriter) { writer.write(Int64(self)) }
}

extension Int64: JSONScalar {
    public func write(to writer: inout JSONWriter) { writer.write(self) }
}

extension Bool: JSONScalar {
    public func write(to writer: inout JSONWriter) { writer.write(self) }
}
