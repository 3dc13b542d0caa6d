internal import WireFormats

/// A key and the one algorithm that it may be used with (RFC 8725 section 3.1).
public struct Key: Sendable {
    public let id: KeyID
    public let algorithm: Algorithm
    let material: any KeyMaterial

    init(id: KeyID, algorithm: Algorithm, material: any KeyMaterial) {
        self.id = id
        self.algorithm = algorithm
        self.material = material
    }

    /// Reads a private JWK (RFC 7517 section 4).
    ///
    /// `kid`, `alg` and `kty` must be there and fit each other; a `use` must be "sig", and `key_ops` must name "sign",
    /// "verify" or both and nothing else. Members that are not understood are ignored.
    init(jwk: JSONObject) throws(JOSEError) {
        guard let text = jwk["kid"]?.string, let id = KeyID(text) else {
            throw .invalidKeySet("a key's \"kid\" must be 1 to 64 characters of [A-Za-z0-9._-]")
        }
        guard let name = jwk["alg"]?.string, let algorithm = Algorithm(rawValue: name) else {
            let known = Algorithm.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidKey(id, "its \"alg\" must be one of: \(known)")
        }
        guard jwk["kty"]?.string == algorithm.family.keyType else {
            throw .invalidKey(id, "its \"kty\" must be \"\(algorithm.family.keyType)\" for \(algorithm.rawValue)")
        }
        if let use = jwk["use"], use.string != "sig" {
            throw .invalidKey(id, "its \"use\" must be \"sig\" if it has one")
        }
        if let operations = jwk["key_ops"] {
            let names = operations.array?.map(\.string) ?? []
            guard !names.isEmpty, names.allSatisfy({ $0 == "sign" || $0 == "verify" }) else {
                throw .invalidKey(id, "its \"key_ops\" must be \"sign\", \"verify\" or both if it has any")
            }
        }
        self.init(id: id, algorithm: algorithm, material: try algorithm.family.init(jwk: jwk, id: id))
    }

    /// A new HS256 key of 32 random bytes.
    public static func generateHS256(kid: KeyID) throws(JOSEError) -> Key {
        Key(id: kid, algorithm: .HS256, material: try HMACKey.generate())
    }

    /// Writes the private JWK as an element.
    func write(to jwk: inout JSONWriter) {
        jwk.beginObject()
        jwk.member("kty", type(of: material).keyType)
        jwk.member("kid", id.description)
        jwk.member("alg", algorithm.rawValue)
        jwk.member("use", "sig")
        material.writeMembers(to: &jwk)
        jwk.endObject()
    }
}

extension Key: CustomStringConvertible, CustomReflectable {
    /// Algorithm and name, never the material.
    public var description: String { "\(algorithm.rawValue) \(id)" }

    /// Keeps `dump` and debuggers' summaries off the material.
    public var customMirror: Mirror {
        Mirror(self, children: ["id": id, "algorithm": algorithm])
    }
}
