import Testing
import WireFormats

struct UUIDTests {
    @Test(arguments: [
        "01958a5e-1234-7abc-8def-0123456789ab",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "C232AB00-9414-11EC-B3C8-9F6BDECED846",  // RFC 9562 appendix A.1, version 1
        "919108f7-52d1-4320-9bac-f847db4148a8",  // version 4
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",  // version 7
        "2ec4c7f4-1cf5-fAbC-0dEf-a0b1c2d3e4f5",  // no version that exists
    ])
    func `reads any case and version, and prints lower case`(_ text: String) throws {
        let id = try #require(UUID(text))
        #expect(id.description == text.lowercased())
        #expect(UUID(text.bytes[...]) == id)
        #expect(UUID("\(id)") == id)
        #expect(UUID(bytes: id.bytes) == id)
        #expect(id.bytes.count == 16)
    }

    @Test(arguments: [
        "", "0", "01958a5e12347abc8def0123456789ab", "01958a5e-1234-7abc-8def-0123456789a",
        "01958a5e-1234-7abc-8def-0123456789abc", "{01958a5e-1234-7abc-8def-0123456789ab}",
        "urn:uuid:01958a5e-1234-7abc-8def-0123456789ab", " 01958a5e-1234-7abc-8def-0123456789a",
        "01958a5e-1234-7abc-8def-0123456789a ", "01958a5e-1234-7abc-8def-0123456789a\n",
        "01958a5e-1234-7abc-8def_0123456789ab", "01958a5e01234-7abc-8def-0123456789ab",
        "01958a5-e1234-7abc-8def-0123456789ab", "g1958a5e-1234-7abc-8def-0123456789ab",
        "01958a5e-1234-7abc-8def-0123456789a-", "01958a5e-1234-7abc-8def-0123456789a\u{0}",
        "01958a5e-1234-7abc-8def-0123456789aé", "--------------------------------------",
        "01958a5e-1234-7abc-8def-0123456789é",
    ])
    func `refuses any other form`(_ text: String) {
        #expect(UUID(text) == nil)
        #expect(UUID(text.bytes[...]) == nil)
    }

    @Test func `accepts hexadecimal digits and nothing else, in each place`() {
        let text = "01958a5e-1234-7abc-8def-0123456789ab".bytes
        for place in text.indices {
            for byte in UInt8.min ... .max {
                var changed = text
                changed[place] = byte
                let isDash = [8, 13, 18, 23].contains(place)
                let isDigit = "0123456789abcdefABCDEF".utf8.contains(byte)
                #expect((UUID(changed[...]) != nil) == (isDash ? byte == UInt8(ascii: "-") : isDigit))
            }
        }
    }

    @Test func `keeps the order of the bytes`() throws {
        let id = try #require(UUID("00112233-4455-6677-8899-aabbccddeeff"))
        #expect(id.bytes == (0..<16).map { UInt8($0 * 0x11) })
        #expect(id.high == 0x0011_2233_4455_6677)
        #expect(id.low == 0x8899_aabb_ccdd_eeff)
        var text = "id=".bytes
        id.append(to: &text)
        #expect(text == "id=00112233-4455-6677-8899-aabbccddeeff".bytes)
    }

    @Test(arguments: [0, 15, 17, 32])
    func `needs 16 bytes`(_ count: Int) {
        #expect(UUID(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test func `sorts as its text does`() throws {
        let texts = [
            "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-8000-000000000000",
            "00000000-0000-0001-0000-000000000000", "80000000-0000-0000-0000-000000000000",
        ]
        let ids = try texts.map { try #require(UUID($0)) }
        #expect(ids.shuffled().sorted() == ids)
    }

    // RFC 9562 appendix A.6.
    @Test func `version 7 holds the time, the version, the variant and 74 random bits`() {
        let id = UUID.version7(milliseconds: 0x017f_22e2_79b0, random: (0xfff_0cc3, 0x18c4_dc0c_0c07_398f))
        #expect(id.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        let ones = UUID.version7(milliseconds: -1, random: (.max, .max))
        #expect(ones.description == "ffffffff-ffff-7fff-bfff-ffffffffffff")
        let zeros = UUID.version7(milliseconds: 0, random: (0, 0))
        #expect(zeros.description == "00000000-0000-7000-8000-000000000000")
        #expect(UUID.version7(milliseconds: 1, random: (0, 0)) > UUID.version7(milliseconds: 0, random: (.max, .max)))
    }
}
