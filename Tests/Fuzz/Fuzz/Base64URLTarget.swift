internal import WireFormats

/// Any bytes: encoded, and taken for an encoding.
enum Base64URLTarget {
    static func check(_ input: [UInt8]) {
        let text = Base64URL.encode(input)
        expect(text.allSatisfy { alphabet.contains($0) }, "the encoding leaves the alphabet")
        expect(text.count == (input.count * 8 + 5) / 6, "the encoding is not the shortest")
        expect(Base64URL.decode(text[...]) == input, "what was encoded decodes to something else")

        let decoded = Base64URL.decode(input[...])
        expect(decoded == bytes(of: input), "a bit by bit decoder differs")
        if let decoded { expect(Base64URL.encode(decoded) == input, "two texts decode to the same bytes") }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static let values: [UInt8?] = (0...255).map { byte in
        alphabet.firstIndex(of: byte).map { UInt8($0) }
    }

    /// A second decoder (RFC 4648 sections 3.5 and 5), plain and slow.
    private static func bytes(of text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for character in text {
            guard let value = values[Int(character)] else { return nil }
            (bits, count) = (bits << 6 | Int(value), count + 6)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count))
                bits &= 1 << count - 1
            }
        }
        return bits == 0 ? bytes : nil
    }
}
