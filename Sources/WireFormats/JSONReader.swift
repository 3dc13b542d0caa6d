/// How much of a JSON text is accepted.
public struct JSONLimits: Hashable, Sendable {
    /// The longest text.
    public var maximumBytes: Int
    /// The deepest nesting of objects and arrays; the outermost one has depth 1.
    public var maximumDepth: Int
    /// The largest sum of members of all objects and elements of all arrays.
    public var maximumMembers: Int

    public init(maximumBytes: Int = 16 * 1024, maximumDepth: Int = 16, maximumMembers: Int = 1024) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
        self.maximumMembers = maximumMembers
    }
}

/// One value of a JSON text: where it stands, not what it means.
///
/// The nodes of a text are in the order of the text, so an object's or array's children follow it, and `next` leads
/// from one child to its sibling.
struct JSONNode {
    enum Kind: UInt8 { case null, `false`, `true`, integer, number, string, object, array }

    /// The member's name between its quotes; empty for an element and for the outermost value.
    var nameStart: UInt32 = 0
    var nameEnd: UInt32 = 0
    /// The value; a string's is between its quotes.
    var start: UInt32 = 0
    var end: UInt32 = 0
    /// The index after the last node inside this one. While an object or array is open: the index of its parent.
    var next: UInt32 = 0
    /// How many members or elements it has.
    var count: UInt32 = 0
    var kind = Kind.null
    var nameHasEscapes = false
    var hasEscapes = false

    var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    var value: Range<Int> { Int(start)..<Int(end) }
}

/// Checks a JSON text (RFC 8259) in one pass and notes where its values are. It keeps no stack: open objects and
/// arrays are linked through their nodes, so nesting costs no memory beyond the nodes, which are limited.
struct JSONReader {
    private(set) var nodes: [JSONNode] = []
    private let limits: JSONLimits
    private var position = 0
    /// The index of the innermost object or array that is open.
    private var innermost = 0
    private var depth = 0

    init(limits: JSONLimits) {
        self.limits = limits
    }

    mutating func read(_ bytes: Span<UInt8>) throws(JSONError) {
        // Places are kept as UInt32.
        guard bytes.count <= min(limits.maximumBytes, Int(Int32.max)) else { throw failure(.tooLarge) }
        nodes.reserveCapacity(16)
        skipWhiteSpace(bytes)
        var openedContainer = try readValue(bytes, JSONNode())
        while depth > 0 {
            // Here stands either the first child of the container just opened or what follows a value.
            skipWhiteSpace(bytes)
            let isObject = nodes[innermost].kind == .object
            if position < bytes.count, bytes[position] == UInt8(ascii: isObject ? "}" : "]") {
                position += 1
                try close(bytes)
                openedContainer = false
                continue
            }
            if !openedContainer {
                try expect(UInt8(ascii: ","), bytes)
                skipWhiteSpace(bytes)
            }
            var node = JSONNode()
            if isObject {
                try expect(UInt8(ascii: "\""), bytes)
                (node.nameStart, node.nameEnd, node.nameHasEscapes) = try readString(bytes)
                skipWhiteSpace(bytes)
                try expect(UInt8(ascii: ":"), bytes)
                skipWhiteSpace(bytes)
            }
            nodes[innermost].count += 1
            openedContainer = try readValue(bytes, node)
        }
        skipWhiteSpace(bytes)
        guard position == bytes.count else { throw failure(.notJSON) }
    }

    /// Reads a value whose name, if it has one, is in `node` already. True if it was the start of an object or array.
    private mutating func readValue(_ bytes: Span<UInt8>, _ node: JSONNode) throws(JSONError) -> Bool {
        guard position < bytes.count else { throw failure(.notJSON) }
        // The outermost value is neither member nor element.
        guard nodes.count <= limits.maximumMembers else { throw failure(.tooManyMembers) }
        var node = node
        node.start = UInt32(truncatingIfNeeded: position)
        switch bytes[position] {
        case UInt8(ascii: "\""):
            position += 1
            (node.start, node.end, node.hasEscapes) = try readString(bytes)
            node.kind = .string
            append(node)
            return false
        case UInt8(ascii: "{"):
            node.kind = .object
        case UInt8(ascii: "["):
            node.kind = .array
        case UInt8(ascii: "t"):
            try expect("true", bytes)
            node.kind = .true
        case UInt8(ascii: "f"):
            try expect("false", bytes)
            node.kind = .false
        case UInt8(ascii: "n"):
            try expect("null", bytes)
            node.kind = .null
        default:
            node.kind = try readNumber(bytes)
        }
        guard node.kind == .object || node.kind == .array else {
            node.end = UInt32(truncatingIfNeeded: position)
            append(node)
            return false
        }
        guard depth < limits.maximumDepth else { throw failure(.tooDeep) }
        depth += 1
        position += 1
        node.next = UInt32(truncatingIfNeeded: innermost)
        innermost = nodes.count
        nodes.append(node)
        return true
    }

    /// Appends a value without children.
    @inline(__always)
    private mutating func append(_ node: JSONNode) {
        var node = node
        node.next = UInt32(truncatingIfNeeded: nodes.count + 1)
        nodes.append(node)
    }

    /// Ends the innermost object or array.
    private mutating func close(_ bytes: Span<UInt8>) throws(JSONError) {
        if nodes[innermost].kind == .object { try refuseDuplicates(bytes) }
        let parent = Int(nodes[innermost].next)
        nodes[innermost].end = UInt32(truncatingIfNeeded: position)
        nodes[innermost].next = UInt32(truncatingIfNeeded: nodes.count)
        innermost = parent
        depth -= 1
    }

    /// Two members of one name mean different things to different readers, so neither is believed
    /// (RFC 8259 section 4, RFC 7515 section 4, RFC 7519 section 4).
    private func refuseDuplicates(_ bytes: Span<UInt8>) throws(JSONError) {
        let count = nodes[innermost].count
        guard count > 1, !namesDifferAtSight(bytes) else { return }
        let first = innermost + 1
        var current = first
        if count <= 16 {
            while current < nodes.count {
                var earlier = first
                while earlier < current {
                    if haveSameName(nodes[earlier], nodes[current], bytes) { throw duplicate(nodes[current], bytes) }
                    earlier = Int(nodes[earlier].next)
                }
                current = Int(nodes[current].next)
            }
        } else {
            // Hashed with a seed of this process, so that no sender can choose names that collide.
            var names = Set<[UInt8]>(minimumCapacity: Int(count))
            while current < nodes.count {
                let name = JSONString.unescape(bytes.extracting(nodes[current].name))
                guard names.insert(name).inserted else { throw duplicate(nodes[current], bytes) }
                current = Int(nodes[current].next)
            }
        }
    }

    /// Whether no two names of the innermost object agree in a digest of length and first byte, as most objects' do.
    private func namesDifferAtSight(_ bytes: Span<UInt8>) -> Bool {
        let nodes = nodes.span
        var seen: UInt64 = 0
        var child = innermost + 1
        while child < nodes.count {
            let start = Int(nodes[child].nameStart)
            // There is a byte: the closing quote of an empty name at the least.
            let digest = (Int(nodes[child].nameEnd) &- start) &* 8 &+ Int(bytes[start])
            let bit: UInt64 = 1 << UInt64(truncatingIfNeeded: digest & 63)
            if seen & bit != 0 || nodes[child].nameHasEscapes { return false }
            seen |= bit
            child = Int(nodes[child].next)
        }
        return true
    }

    private func haveSameName(_ left: JSONNode, _ right: JSONNode, _ bytes: Span<UInt8>) -> Bool {
        if left.nameHasEscapes || right.nameHasEscapes {
            return JSONString.unescape(bytes.extracting(left.name))
                == JSONString.unescape(bytes.extracting(right.name))
        }
        guard left.nameEnd &- left.nameStart == right.nameEnd &- right.nameStart else { return false }
        return JSONString.equal(bytes.extracting(left.name), bytes.extracting(right.name))
    }

    private func duplicate(_ node: JSONNode, _ bytes: Span<UInt8>) -> JSONError {
        let name = JSONString.unescape(bytes.extracting(node.name))
        return JSONError(
            kind: .duplicateMember(name: String(decoding: name, as: UTF8.self)), offset: node.name.lowerBound)
    }
}

// MARK: - Tokens

extension JSONReader {
    private func failure(_ kind: JSONError.Kind) -> JSONError {
        JSONError(kind: kind, offset: position)
    }

    @inline(__always)
    private mutating func skipWhiteSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            position += 1
        }
    }

    @inline(__always)
    private mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(JSONError) {
        guard position < bytes.count, bytes[position] == byte else { throw failure(.notJSON) }
        position += 1
    }

    private mutating func expect(_ word: String, _ bytes: Span<UInt8>) throws(JSONError) {
        for byte in word.utf8 { try expect(byte, bytes) }
    }

    /// Reads the rest of a string whose opening quote has been read, its closing quote included.
    @inline(__always)
    private mutating func readString(_ bytes: Span<UInt8>) throws(JSONError) -> (UInt32, UInt32, hasEscapes: Bool) {
        let start = position
        var hasEscapes = false
        while true {
            let end = Self.firstSpecialByte(of: bytes, from: position)
            position = end
            guard end < bytes.count else { throw failure(.notJSON) }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                position += 1
                return (UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: end), hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try readEscape(bytes)
            case 0x80...:
                try readMultibyteCharacter(bytes)
            case let control:
                throw failure(control == 0 ? .nulInString : .notJSON)
            }
        }
    }

    /// Where the first byte is that does not stand for itself within a string: a quote, a backslash, a control or one
    /// beyond ASCII. Most of every text is passed over here, eight bytes at a time.
    @inline(__always)
    private static func firstSpecialByte(of bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while bytes.count - index >= 8 {
            let word = bytes.extracting(index..<index + 8).firstWord
            let special = ASCII.belowOrBeyond(word, 0x20) | ASCII.equal(word, UInt8(ascii: "\""))
                | ASCII.equal(word, UInt8(ascii: "\\"))
            if special != 0 { return index + special.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte &- 0x20 >= 0x60 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    private mutating func readEscape(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = position
        position += 1
        guard position < bytes.count else { throw failure(.notJSON) }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            switch try readFourDigits(bytes) {
            case 0:
                throw JSONError(kind: .nulInString, offset: start)
            case 0xd800..<0xdc00:
                guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw JSONError(kind: .loneSurrogate, offset: start) }
                position += 2
                guard case 0xdc00..<0xe000 = try readFourDigits(bytes) else {
                    throw JSONError(kind: .loneSurrogate, offset: start)
                }
            case 0xdc00..<0xe000:
                throw JSONError(kind: .loneSurrogate, offset: start)
            default:
                break
            }
        default:
            throw failure(.notJSON)
        }
    }

    private mutating func readFourDigits(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw failure(.notJSON) }
            let digit = ASCII.hexadecimalValue(of: bytes[position])
            guard digit < 16 else { throw failure(.notJSON) }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// One character of two to four bytes: shortest form, no surrogate, at most U+10FFFF (RFC 3629 section 4).
    private mutating func readMultibyteCharacter(_ bytes: Span<UInt8>) throws(JSONError) {
        let (second, length): (ClosedRange<UInt8>, Int) =
            switch bytes[position] {
            case 0xc2...0xdf: (0x80...0xbf, 2)
            case 0xe0: (0xa0...0xbf, 3)
            case 0xed: (0x80...0x9f, 3)
            case 0xe1...0xef: (0x80...0xbf, 3)
            case 0xf0: (0x90...0xbf, 4)
            case 0xf1...0xf3: (0x80...0xbf, 4)
            case 0xf4: (0x80...0x8f, 4)
            default: throw failure(.invalidUTF8)
            }
        guard position + length <= bytes.count, second.contains(bytes[position + 1]) else {
            throw failure(.invalidUTF8)
        }
        for index in 2..<4 where index < length {
            guard bytes[position + index] & 0xc0 == 0x80 else { throw failure(.invalidUTF8) }
        }
        position += length
    }

    /// RFC 8259 section 6. `.integer` for one without fraction and exponent.
    private mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) -> JSONNode.Kind {
        var kind = JSONNode.Kind.integer
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        let start = position
        try readDigits(bytes)
        guard position == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw JSONError(kind: .notJSON, offset: start)
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            kind = .number
            position += 1
            try readDigits(bytes)
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            kind = .number
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
                position += 1
            }
            try readDigits(bytes)
        }
        return kind
    }

    private mutating func readDigits(_ bytes: Span<UInt8>) throws(JSONError) {
        var end = position
        while end < bytes.count, bytes[end] &- UInt8(ascii: "0") < 10 { end += 1 }
        defer { position = end }
        guard end > position else { throw failure(.notJSON) }
    }
}
