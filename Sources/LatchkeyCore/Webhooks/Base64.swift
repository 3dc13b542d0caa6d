internal import WireFormats

/// Base64 with its common alphabet and padding (RFC 4648 section 4), as Standard Webhooks write secrets and signatures.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text = Base64URL.encode(bytes)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "-"): text[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): text[index] = UInt8(ascii: "/")
            default: continue
            }
        }
        return text + [UInt8](repeating: UInt8(ascii: "="), count: (4 - text.count % 4) % 4)
    }
}
