/// A JSON text that has been checked whole, shared by all values taken from it.
final class JSONText: Sendable {
    let bytes: [UInt8]
    let nodes: [JSONNode]

    init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        var reader = JSONReader(limits: limits)
        try reader.read(bytes.span)
        self.bytes = bytes
        nodes = reader.nodes
    }

    /// The string or name at `range`.
    func string(_ range: Range<Int>, hasEscapes: Bool) -> String {
        let string = bytes[range]
        return String(decoding: hasEscapes ? JSONString.unescape(string.span)[...] : string, as: UTF8.self)
    }

    /// The index of an object's member, nil where there is none.
    func member(of object: Int, named name: Span<UInt8>) -> Int? {
        let (bytes, nodes) = (bytes, nodes)
        let text = bytes.span
        let table = nodes.span
        var child = object + 1
        let end = Int(table[object].next)
        while child < end {
            let isWanted =
                if table[child].nameHasEscapes {
                    JSONString.equal(JSONString.unescape(text.extracting(table[child].name)).span, name)
                } else {
                    table[child].name.count == name.count
                        && JSONString.equal(text.extracting(table[child].name), name)
                }
            if isWanted { return child }
            child = Int(table[child].next)
        }
        return nil
    }
}

/// One value of a JSON text that has been checked whole. It decodes what is asked for when it is asked for.
public struct JSONValue: Sendable {
    let text: JSONText
    let index: Int

    /// Checks a JSON text of any kind: an object, an array or a lone value.
    ///
    /// Stricter than RFC 8259: no byte-order mark, no member twice in an object, no U+0000 and no lone surrogate in
    /// a string.
    public init(parsing text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self.init(text: try JSONText(text, limits: limits), index: 0)
    }

    init(text: JSONText, index: Int) {
        self.text = text
        self.index = index
    }

    private var node: JSONNode { text.nodes[index] }
    private var kind: JSONNode.Kind { text.nodes[index].kind }

    public var isNull: Bool { kind == .null }

    /// The string; nil for a value that is none.
    public var string: String? {
        guard kind == .string else { return nil }
        return text.string(node.value, hasEscapes: node.hasEscapes)
    }

    /// Whether it is this string.
    public func equals(_ string: String) -> Bool {
        guard kind == .string else { return false }
        let bytes = text.bytes
        let utf8 = string.utf8
        let value = bytes.span.extracting(node.value)
        guard node.hasEscapes else { return JSONString.equal(value, utf8.span) }
        return JSONString.equal(JSONString.unescape(value).span, utf8.span)
    }

    /// The UTF-8 bytes of a string, not copied; nil for a value that is none and for a string with escapes in it.
    public var unescapedBytes: ArraySlice<UInt8>? {
        kind == .string && !node.hasEscapes ? text.bytes[node.value] : nil
    }

    /// The value as it was written, white space and escapes within it included.
    public var rawJSON: ArraySlice<UInt8> {
        let range = node.value
        return kind == .string ? text.bytes[range.lowerBound - 1..<range.upperBound + 1] : text.bytes[range]
    }

    public var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The number, if it is written without fraction and exponent and fits. `-0` is 0.
    public var integer: Int64? {
        guard kind == .integer else { return nil }
        let bytes = text.bytes
        let digits = bytes.span.extracting(node.value)
        let isNegative = digits[0] == UInt8(ascii: "-")
        // Counted downwards, since there is one more negative number.
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<digits.count {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, borrow) = shifted.subtractingReportingOverflow(Int64(digits[index] & 0x0f))
            if overflow || borrow { return nil }
            value = sum
        }
        return isNegative ? value : value == .min ? nil : -value
    }

    /// The number, rounded to the nearest that can be represented; nil for one beyond them all, as 1e999 is, and for a
    /// value that is none.
    public var number: Double? {
        guard kind == .integer || kind == .number else { return nil }
        guard let value = Double(String(decoding: text.bytes[node.value], as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }

    public var object: JSONObject? { JSONObject(self) }

    /// The elements of an array in their order; nil for a value that is none.
    public var array: [JSONValue]? {
        guard kind == .array else { return nil }
        return childIndices.map { JSONValue(text: text, index: $0) }
    }

    /// The indices of the nodes right inside this one.
    var childIndices: [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(Int(node.count))
        var child = index + 1
        while child < Int(node.next) {
            indices.append(child)
            child = Int(text.nodes[child].next)
        }
        return indices
    }
}

/// A JSON object that has been checked whole, nested values included.
public struct JSONObject: Sendable {
    private let value: JSONValue

    /// Checks a JSON text that must be an object; see ``JSONValue/init(parsing:limits:)``.
    public init(parsing text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        guard let object = JSONObject(try JSONValue(parsing: text, limits: limits)) else {
            throw JSONError(kind: .notAnObject, offset: 0)
        }
        self = object
    }

    init?(_ value: JSONValue) {
        guard value.text.nodes[value.index].kind == .object else { return nil }
        self.value = value
    }

    /// How many members it has.
    public var count: Int { Int(value.text.nodes[value.index].count) }

    /// The value of a member, nil where there is none. A name is compared after unescaping.
    public subscript(name: String) -> JSONValue? {
        let utf8 = name.utf8
        return value.text.member(of: value.index, named: utf8.span).map { JSONValue(text: value.text, index: $0) }
    }

    /// All members in the order of the text.
    public var members: [(name: String, value: JSONValue)] {
        value.childIndices.map { index in
            let node = value.text.nodes[index]
            return (
                value.text.string(node.name, hasEscapes: node.nameHasEscapes), JSONValue(text: value.text, index: index)
            )
        }
    }
}
