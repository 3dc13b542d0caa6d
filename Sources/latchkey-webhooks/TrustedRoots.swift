import FoundationEssentials
import LatchkeyCore
import NIOSSL

/// The root certificates that receivers' certificates must lead to. They are read once, since each attempt has a
/// client, and so a TLS context, of its own.
enum TrustedRoots {
    /// Where Debian and Fedora keep the system's.
    private static let systemFiles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]

    /// - Throws: a sentence when a file is of no use, or there is no root at all.
    static func load(_ settings: Settings) throws(StartError) -> [NIOSSLCertificate] {
        var roots: [NIOSSLCertificate] = []
        if let file = systemFiles.first(where: { FileManager.default.isReadableFile(atPath: $0) }) {
            roots += try read(file)
        }
        if let file = settings.certificatesFile { roots += try read(file) }
        guard !roots.isEmpty else {
            throw StartError("there are no root certificates: install the package ca-certificates")
        }
        return roots
    }

    private static func read(_ path: String) throws(StartError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw StartError("cannot read certificates from \(path): it must be there, readable, and of PEM")
        }
    }
}
