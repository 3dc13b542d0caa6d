/// The cyclic redundancy check of gzip and PNG (RFC 1952 section 8): finds typing mistakes, keeps nothing secret.
enum CRC32 {
    static func checksum(of bytes: [UInt8]) -> UInt32 {
        var register: UInt32 = 0xffff_ffff
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register >> 1 ^ (register & 1 == 1 ? 0xedb8_8320 : 0)
            }
        }
        return ~register
    }
}
