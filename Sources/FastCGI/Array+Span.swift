extension Array where Element == UInt8 {
    /// Appends the bytes of a span in one copy, which no loop of the standard library's safe interface amounts to yet.
    public mutating func append(copying bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
