internal import FastCGI
internal import HTTPAPI

/// The body of a request that is read while it is stored. Good until its request has been answered.
final class ExchangeBody: BodyStream {
    let announced: Int
    private let exchange: Exchange

    init(_ exchange: Exchange, announced: Int) {
        self.exchange = exchange
        self.announced = announced
    }

    func read<E: Error>(_ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Bool {
        try exchange.readBody(announced: announced, take)
    }
}
