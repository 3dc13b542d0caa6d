import AsyncHTTPClient
import LatchkeyCore
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Sends webhooks with async-http-client.
///
/// Each attempt has a client of its own, which knows one address: the one that was checked. So no name is looked up a
/// second time, and no connection is used for another request. It follows no redirect, knows no proxy and unpacks
/// nothing.
final class HTTPTransport: WebhookTransport {
    private let rules: AddressRules
    private let lookup: Lookup
    private let roots: Mutex<[NIOSSLCertificate]>

    /// From the first question for an address to the answer's first bytes.
    private static let timeout: Duration = .seconds(10)
    /// More of the answer's body is not read. What it says is of no interest; but a receiver that may write it all to
    /// the end meets no error.
    private static let longestBody = 4096
    /// How long a closed connection may wait for the receiver's own end of it.
    private static let farewell: TimeAmount = .milliseconds(500)

    /// - Parameter lookups: how many names may be looked up at a time.
    init(rules: AddressRules, roots: [NIOSSLCertificate], lookups: Int) {
        self.rules = rules
        self.roots = Mutex(roots)
        lookup = Lookup(limit: lookups)
    }

    func replaceRoots(with roots: [NIOSSLCertificate]) {
        self.roots.withLock { $0 = roots }
    }

    func send(_ request: WebhookRequest, done: @escaping @Sendable (WebhookAnswer) -> Void) {
        Task {
            let deadline = ContinuousClock.now + Self.timeout
            do throws(WebhookFailure) {
                let address = try await address(for: request, until: deadline)
                await exchange(request, with: address, until: deadline, done: done)
            } catch {
                done(.failure(error))
            }
        }
    }

    // MARK: - The address

    /// The address to connect to. One that is forbidden spoils all: who names it means no good, or does not know the
    /// name's addresses.
    private func address(
        for request: WebhookRequest, until deadline: ContinuousClock.Instant
    ) async throws(WebhookFailure) -> IPAddress {
        let addresses: [IPAddress]
        switch request.url.host {
        case .address(let address): addresses = [address]
        case .name(let name): addresses = try await lookup.addresses(of: name, until: deadline)
        }
        guard addresses.allSatisfy({ rules.allow($0, encrypted: request.url.isEncrypted) }) else {
            throw .forbiddenAddress
        }
        // The next attempt tries the next one.
        return addresses[Int(max(request.attempt - 1, 0)) % addresses.count]
    }

    // MARK: - The request

    private func exchange(
        _ request: WebhookRequest, with address: IPAddress, until deadline: ContinuousClock.Instant,
        done: @Sendable (WebhookAnswer) -> Void
    ) async {
        let client = HTTPClient(configuration: configuration(request.url, address, until: deadline))
        do {
            let response = try await client.execute(
                try Self.message(request), deadline: .now() + Self.left(until: deadline))
            await Self.readSome(of: response.body, until: deadline)
            done(.status(Int(response.status.code)))
        } catch {
            done(.failure(WebhookFailure(error)))
        }
        // Nothing is left to be done about an error here.
        try? await client.shutdown()
    }

    private func configuration(
        _ url: WebhookURL, _ address: IPAddress, until deadline: ContinuousClock.Instant
    ) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.trustRoots = .certificates(roots.withLock { $0 })
        tls.shutdownTimeout = Self.farewell
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: Self.left(until: deadline)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        // The error is to be known, and the deadline is ours.
        configuration.connectionPool.retryConnectionEstablishment = false
        if case .name(let name) = url.host { configuration.dnsOverride = [name: "\(address)"] }
        let peer = Peer(url: url, address: address)
        configuration.http1_1ConnectionDebugInitializer = { channel in peer.check(channel) }
        return configuration
    }

    private static func message(_ request: WebhookRequest) throws(WebhookFailure) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: request.url.text)
        message.method = .POST
        message.headers = HTTPHeaders(request.headers.map { ($0.name, $0.value) } + [("connection", "close")])
        message.body = .bytes(ByteBuffer(bytes: request.body))
        return message
    }

    /// Reads to the end, to the limit or to the deadline, whichever comes first.
    private static func readSome(of body: HTTPClientResponse.Body, until deadline: ContinuousClock.Instant) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var left = longestBody
                do {
                    for try await piece in body {
                        left -= piece.readableBytes
                        if left <= 0 { return }
                    }
                } catch {
                    // Its status has come, and counts.
                }
            }
            group.addTask { try? await Task.sleep(until: deadline, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func left(until deadline: ContinuousClock.Instant) -> TimeAmount {
        .milliseconds(max(Int64(ContinuousClock.now.duration(to: deadline) / .milliseconds(1)), 1))
    }
}
