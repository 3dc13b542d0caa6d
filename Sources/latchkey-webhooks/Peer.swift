import LatchkeyCore
import NIOCore
import NIOHTTP1
import NIOSSL

/// Who is meant to be at the other end of a connection. Looked at once more when it stands, before anything is sent.
struct Peer: Sendable {
    let url: WebhookURL
    let address: IPAddress

    func check(_ channel: any Channel) -> EventLoopFuture<Void> {
        let checked = channel.eventLoop.makeCompletedFuture {
            guard isAtAddress(channel) else { throw WrongPeer() }
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(Valve(), position: .first)
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(StatusCheck(), position: .after(parser))
        }.flatMap { checkName(channel) }
        // Nobody else closes a connection that never came to be.
        checked.whenFailure { _ in channel.close(promise: nil) }
        return checked
    }

    /// Whatever name was looked up on the way.
    private func isAtAddress(_ channel: any Channel) -> Bool {
        guard let remote = channel.remoteAddress, let text = remote.ipAddress else { return false }
        return IPAddress(text) == address && remote.port == url.port
    }

    /// NIOSSL is content with a certificate for the address where the one for the name is asked for; and certificates
    /// for addresses are given to whoever holds them, however little the name is theirs.
    private func checkName(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard url.isEncrypted, case .name(let name) = url.host else { return channel.eventLoop.makeSucceededFuture(()) }
        return channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
            let names = certificate.map { $0._subjectAlternativeNames() }
                .map { $0.filter { $0.nameType == .dnsName }.map { String(decoding: $0.contents, as: UTF8.self) } }
            guard let names, names.contains(where: { Self.isName(name, coveredBy: $0) }) else { throw WrongPeer() }
        }
    }

    /// RFC 6125 section 6.4, more strictly: a wildcard is a whole label.
    static func isName(_ name: String, coveredBy pattern: String) -> Bool {
        let pattern = pattern.lowercased()
        if pattern == name { return true }
        guard pattern.hasPrefix("*."), let dot = name.firstIndex(of: ".") else { return false }
        return name[dot...] == pattern.dropFirst()
    }
}

struct WrongPeer: Error {}
