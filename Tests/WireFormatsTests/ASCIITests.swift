import Testing
import WireFormats

struct ASCIITests {
    private func areVisible(_ text: [UInt8]) -> Bool { ASCII.areVisible(text.span) }

    @Test func `visible are the bytes from 0x21 to 0x7e, wherever they stand`() {
        for length in 0...20 {
            #expect(areVisible([UInt8](repeating: 0x21, count: length)))
            for place in 0..<length {
                var text = [UInt8](repeating: 0x7e, count: length)
                for byte in UInt8.min...UInt8.max {
                    text[place] = byte
                    #expect(areVisible(text) == (0x21...0x7e).contains(byte), "\(byte) at \(place) of \(length)")
                }
            }
        }
    }

    @Test func `alphanumeric and hexadecimal are those of ASCII, in either case`() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(UnicodeScalar(byte))
            let isASCII = character.isASCII
            #expect(ASCII.isAlphanumeric(byte) == (isASCII && (character.isLetter || character.isNumber)), "\(byte)")
            #expect(ASCII.isHexadecimalDigit(byte) == (isASCII && character.isHexDigit), "\(byte)")
        }
    }
}
