import AsyncHTTPClient
import Glibc
import LatchkeyCore
import NIOCore
import NIOHTTP1
import NIOSSL

extension WebhookFailure {
    /// What an error of the libraries means to people.
    init(_ error: any Error) {
        switch error {
        case let failure as WebhookFailure: self = failure
        case is WrongPeer: self = .tlsFailed
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: self = .tlsFailed
        case let error as HTTPClientError: self.init(error)
        case is HTTPParserError: self = .invalidAnswer
        case let error as IOError: self = Self.refusals.contains(error.errnoCode) ? .connectFailed : .connectionClosed
        case is ChannelError: self = .connectionClosed
        default: self = .failed
        }
    }

    /// Nobody is there, or no way to them.
    private static let refusals = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, EINVAL, EACCES, EPERM]

    private init(_ error: HTTPClientError) {
        switch error {
        case .deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout, .tlsHandshakeTimeout: self = .timeout
        case .remoteConnectionClosed: self = .connectionClosed
        default: self = .failed
        }
    }
}
