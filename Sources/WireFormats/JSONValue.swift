/// One value of a JSON text that has been checked whole. It decodes what is asked for when it is asked for.
public struct JSONValue: Sendable {
    let source: [UInt8]
    let nodes: [JSONNode]
    let index: Int

    /// Checks a JSON text of any kind: an object, an array or a lone value.
    ///
    /// Stricter than RFC 8259: no byte-order mark, no member twice in an object, no U+0000 and no lone surrogate in
    /// a string.
    public init(parsing text: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var reader = JSONReader(limits: limits)
        try reader.read(text.span)
        self.init(source: text, nodes: reader.nodes, index: 0)
    }

    init(source: [UInt8], nodes: [JSONNode], index: Int) {
        self.source = source
        self.nodes = nodes
        self.index = index
    }

    var node: JSONNode { nodes[index] }

    public var isNull: Bool { node.kind == .null }

    /// The string; nil for a value that is none.
    public var string: String? {
        guard node.kind == .string else { return nil }
        return JSONValue.text(source, node.value, hasEscapes: node.hasEscapes)
    }

    /// The UTF-8 bytes of a string, not copied; nil for a value that is none and for a string with escapes in it.
    public var unescapedBytes: ArraySlice<UInt8>? {
        node.kind == .string && !node.hasEscapes ? source[node.value] : nil
    }

    public var bool: Bool? {
        switch node.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The number, if it is written without fraction and exponent and fits. `-0` is 0.
    public var integer: Int64? {
        guard node.kind == .integer else { return nil }
        let text = source.span.extracting(node.value)
        let isNegative = text[0] == UInt8(ascii: "-")
        // Counted downwards, since there is one more negative number.
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<text.count {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, borrow) = shifted.subtractingReportingOverflow(Int64(text[index] & 0x0f))
            if overflow || borrow { return nil }
            value = sum
        }
        return isNegative ? value : value == .min ? nil : -value
    }

    /// The number, rounded to the nearest that can be represented; nil for one beyond all, as 1e999, and for a value that is none.
    public var number: Double? {
        guard node.kind == .integer || node.kind == .number else { return nil }
        guard let value = Double(String(decoding: source[node.value], as: UTF8.self)), value.isFinite else {
            return nil
        }
        return value
    }

    public var object: JSONObject? { JSONObject(self) }

    /// The elements of an array in their order; nil for a value that is none.
    public var array: [JSONValue]? {
        guard node.kind == .array else { return nil }
        return childIndices.map { JSONValue(source: source, nodes: nodes, index: $0) }
    }

    /// The indices of the nodes right inside this one.
    var childIndices: [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(Int(node.count))
        var child = index + 1
        while child < Int(node.next) {
            indices.append(child)
            child = Int(nodes[child].next)
        }
        return indices
    }

    static func text(_ source: [UInt8], _ range: Range<Int>, hasEscapes: Bool) -> String {
        guard hasEscapes else { return String(decoding: source[range], as: UTF8.self) }
        return String(decoding: JSONString.unescape(source.span.extracting(range)), as: UTF8.self)
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
        guard value.node.kind == .object else { return nil }
        self.value = value
    }

    /// How many members it has.
    public var count: Int { Int(value.node.count) }

    /// The value of a member, nil where there is none. A name is compared after unescaping.
    public subscript(name: String) -> JSONValue? {
        let utf8 = name.utf8
        let name = utf8.span
        let source = value.source.span
        let nodes = value.nodes.span
        var child = value.index + 1
        let end = Int(nodes[value.index].next)
        while child < end {
            let isWanted =
                if nodes[child].nameHasEscapes {
                    JSONString.equal(JSONString.unescape(source.extracting(nodes[child].name)).span, name)
                } else {
                    Int(nodes[child].nameEnd) - Int(nodes[child].nameStart) == name.count
                        && JSONString.equal(source.extracting(nodes[child].name), name)
                }
            if isWanted { return JSONValue(source: value.source, nodes: value.nodes, index: child) }
            child = Int(nodes[child].next)
        }
        return nil
    }

    /// All members in the order of the text.
    public var members: [(name: String, value: JSONValue)] {
        value.childIndices.map { index in
            let node = value.nodes[index]
            return (
                JSONValue.text(value.source, node.name, hasEscapes: node.nameHasEscapes),
                JSONValue(source: value.source, nodes: value.nodes, index: index)
            )
        }
    }
}
