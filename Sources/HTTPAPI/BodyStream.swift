/// A body that is read piece by piece while it is stored. It may be read once.
public protocol BodyStream: AnyObject {
    /// How many bytes the request says that it has.
    var announced: Int { get }

    /// Calls `take` with each piece, in order.
    ///
    /// - Returns: false where the body ended early or did not come within the time.
    func read<E: Error>(_ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Bool
}
