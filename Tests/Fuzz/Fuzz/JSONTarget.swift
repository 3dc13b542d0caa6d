internal import Foundation
@testable import WireFormats

/// Any bytes, taken for a JSON text of any kind.
enum JSONTarget {
    static func check(_ input: [UInt8]) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: input)
        } catch {
            return checkRefusal(error, of: input)
        }
        var hasHugeNumber = false
        checkParts(of: value, &hasHugeNumber)

        // Foundation is no stricter, but for numbers beyond a Double's.
        let second = try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)
        expect(second != nil || hasHugeNumber, "Foundation takes this for no JSON")

        // Escapes may make it longer.
        let text = Rewritten(value).bytes
        let limits = JSONLimits(maximumBytes: 6 * input.count + 64)
        guard let again = try? JSONValue(parsing: text, limits: limits) else {
            return expect(false, "what JSONWriter made of it is refused")
        }
        expect(isSame(value, again), "what JSONWriter made of it means something else")
        expect(Rewritten(again).bytes == text, "JSONWriter writes the same values in two ways")
    }

    private static func checkRefusal(_ error: JSONError, of input: [UInt8]) {
        expect((0...input.count).contains(error.offset), "the fault is said to be outside of the text")
        let sentence = error.description.utf8
        expect(sentence.count < 512, "the sentence about a fault is too long")
        expect(sentence.allSatisfy { (0x20...0x7e).contains($0) }, "the sentence quotes what is not visible ASCII")
    }

    /// What may be asked of a value agrees with itself, and of a number with the standard library.
    private static func checkParts(of value: JSONValue, _ hasHugeNumber: inout Bool) {
        if let elements = value.array {
            for element in elements { checkParts(of: element, &hasHugeNumber) }
        } else if let object = value.object {
            expect(object.members.count == object.count, "an object counts its members wrongly")
            for (name, member) in object.members {
                expect(object[name]?.index == member.index, "a member is not found by its name")
                checkParts(of: member, &hasHugeNumber)
            }
        } else if let string = value.string {
            expect(!string.utf8.contains(0), "a string holds NUL")
            if let bytes = value.unescapedBytes { expect(bytes.elementsEqual(string.utf8), "a string is two") }
        } else if value.isNumber {
            expect(value.integer == Int64(String(decoding: value.source, as: UTF8.self)), "an integer is another one")
            if value.number == nil { hasHugeNumber = true }
        } else {
            expect(value.isNull || value.bool != nil, "a value is of no kind")
        }
    }

    private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if let left = left.object?.members, let right = right.object?.members {
            return left.count == right.count && zip(left, right).allSatisfy { left, right in
                left.name.utf8.elementsEqual(right.name.utf8) && isSame(left.value, right.value)
            }
        }
        if let left = left.array, let right = right.array {
            return left.count == right.count && zip(left, right).allSatisfy(isSame)
        }
        if let left = left.string, let right = right.string { return left.utf8.elementsEqual(right.utf8) }
        return left.source == right.source
    }
}

extension JSONValue {
    /// The text between a string's quotes, or of the whole value.
    fileprivate var source: ArraySlice<UInt8> { text.bytes[text.nodes[index].value] }

    fileprivate var isNumber: Bool { [.integer, .number].contains(text.nodes[index].kind) }
}

/// A value as `JSONWriter` writes it.
private struct Rewritten: JSONScalar {
    private let value: JSONValue

    init(_ value: JSONValue) {
        self.value = value
    }

    var bytes: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        if let object = value.object {
            writer.beginObject()
            for (name, member) in object.members { writer.member(name, Rewritten(member)) }
            writer.endObject()
        } else if let elements = value.array {
            writer.beginArray()
            for element in elements { writer.element(Rewritten(element)) }
            writer.endArray()
        } else if let string = value.string {
            string.write(to: &writer)
        } else if let bool = value.bool {
            bool.write(to: &writer)
        } else if let integer = value.integer, value.source.elementsEqual("\(integer)".utf8) {
            integer.write(to: &writer)
        } else if value.isNull {
            writer.element(Bool?.none)
        } else {
            writer.element(rawJSON: Array(value.source))
        }
    }
}
