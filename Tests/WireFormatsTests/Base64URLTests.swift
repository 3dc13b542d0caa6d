import Testing
import WireFormats

struct Base64URLTests {
    // RFC 4648 section 10, without padding, and the two characters that differ from plain base64.
    static let vectors: [(bytes: [UInt8], text: String)] = [
        ([], ""),
        ("f".bytes, "Zg"),
        ("fo".bytes, "Zm8"),
        ("foo".bytes, "Zm9v"),
        ("foob".bytes, "Zm9vYg"),
        ("fooba".bytes, "Zm9vYmE"),
        ("foobar".bytes, "Zm9vYmFy"),
        ([0xfb, 0xff], "-_8"),
        ([0x00], "AA"),
        ([0xff, 0xff, 0xff], "____"),
        // RFC 7515 appendix C.
        ([3, 236, 255, 224, 193], "A-z_4ME"),
    ]

    @Test(arguments: vectors)
    func `encodes and decodes published vectors`(_ vector: (bytes: [UInt8], text: String)) {
        #expect(Base64URL.encode(vector.bytes) == vector.text.bytes)
        #expect(Base64URL.decode(vector.text.bytes[...]) == vector.bytes)
    }

    @Test func `every length and every byte value survives both ways`() {
        var generator = SeededGenerator(seed: 1)
        for count in 0...300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)[...]) == bytes)
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64URL.decode(Base64URL.encode(all)[...]) == all)
    }

    @Test func `appends behind what is there`() {
        var output = "a.".bytes
        Base64URL.append([0xff], to: &output)
        Base64URL.append([0, 1, 2, 3][1...2], to: &output)
        #expect(output == "a._wAQI".bytes)
    }

    @Test func `decodes a slice that does not start at zero`() {
        #expect(Base64URL.decode("..Zm9v..".bytes[2..<6]) == "foo".bytes)
    }

    @Test(arguments: [
        "Zg==", "Zm8=", "Zm9vYg==", "=", "====", "Zm9v=",  // padding
        "Z", "Zm9vY", "Zm9vZm9vZ",  // a length that encodes nothing
        "Zm9v\n", "\nZm9v", "Zm 9v", "Zm9v ", "Zm\t8", "Zm9v\r\n",  // white space
        "+_8A", "-/8A", "ab+d", "ab/d",  // the other alphabet
        "Zm9.", "Zm9v.", "Zm9,", "Zm9*", "Zm9@", "Zm9[", "Zm9`", "Zm9{",  // neighbours of the alphabet
        "Zm9\u{0}", "Zmé", "Ｚm9",  // NUL and characters beyond ASCII
        "Zm9vZm9vZm9vZm9!", "!m9vZm9vZm9vZm9v", "Zm9vZ!9v", "Zm9vZm!v",  // in any group and place
    ])
    func `refuses what is not strictly of the alphabet`(_ text: String) {
        #expect(Base64URL.decode(text.bytes[...]) == nil)
    }

    @Test func `only the characters of the alphabet are accepted, in each place`() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".bytes)
        #expect(alphabet.count == 64)
        for count in [4, 8, 12] {
            for place in 0..<count {
                for byte in UInt8.min ... .max {
                    var text = [UInt8](repeating: UInt8(ascii: "A"), count: count)
                    text[place] = byte
                    #expect((Base64URL.decode(text[...]) != nil) == alphabet.contains(byte))
                }
            }
        }
    }

    @Test func `a last character with stray bits is refused`() {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".bytes
        for (value, character) in alphabet.enumerated() {
            // Two characters carry one byte: the last four bits are spare. Three carry two: the last two bits.
            #expect((Base64URL.decode(["A".bytes[0], character][...]) != nil) == (value % 16 == 0))
            #expect((Base64URL.decode("AA".bytes[...] + [character]) != nil) == (value % 4 == 0))
        }
    }
}
