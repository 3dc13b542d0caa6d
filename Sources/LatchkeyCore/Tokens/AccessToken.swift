public import JOSE
public import WireFormats

/// The claims of the token that opens the embedded app for one user: `token_type` "access", `exp`, `iat`, `jti`,
/// `client_app_id`, `taiki_user_id`, `mode`.
public struct AccessToken: Sendable, Equatable {
    /// The `jti`: 128 random bits, written as 32 lower-case hex digits.
    public struct ID: Hashable, Sendable {
        public let high: UInt64
        public let low: UInt64

        public init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }

        /// - Returns: nil unless `text` is 32 lower-case hex digits.
        public init?(_ text: ArraySlice<UInt8>) {
            guard text.count == 32 else { return nil }
            var halves: (high: UInt64, low: UInt64) = (0, 0)
            for byte in text {
                let digit: UInt8
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
                default: return nil
                }
                halves.high = halves.high << 4 | halves.low >> 60
                halves.low = halves.low << 4 | UInt64(digit)
            }
            self.init(high: halves.high, low: halves.low)
        }

        /// The same 128 bits, where they are kept as a UUID.
        init(_ uuid: UUID) {
            self.init(high: uuid.high, low: uuid.low)
        }

        var uuid: UUID { UUID(high: high, low: low) }

        public var text: String {
            let digits = Array("0123456789abcdef".utf8)
            var bytes: [UInt8] = []
            bytes.reserveCapacity(32)
            for half in [high, low] {
                for shift in stride(from: UInt64(60), through: 0, by: -4) {
                    bytes.append(digits[Int(half >> shift & 15)])
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// How long a token opens the app.
    public static let lifetime: Duration = .seconds(3600)

    /// What is demanded of a token beyond a right signature.
    ///
    /// It need not name its key: other makers of tokens with our key do not know how we call it.
    ///
    /// - Parameter leeway: how long after its end it is still accepted.
    public static func policy(leeway: Duration) -> TokenPolicy {
        TokenPolicy(leeway: leeway, maximumLifetime: lifetime, keyForMissingKid: .eachHS256Key)
    }

    public let id: ID
    public let clientApp: ClientApp.ID
    public let user: User.ID
    public let mode: Mode
    public let issuedAt: UnixTime
    public let expiresAt: UnixTime

    public init(id: ID, clientApp: ClientApp.ID, user: User.ID, mode: Mode, issuedAt: UnixTime) {
        self.id = id
        self.clientApp = clientApp
        self.user = user
        self.mode = mode
        self.issuedAt = issuedAt
        expiresAt = issuedAt + Self.lifetime
    }

    /// The claims as compact JSON, in the order of the reference documents.
    var claims: [UInt8] {
        var json = JSONWriter(capacity: 320)
        json.beginObject()
        json.member("token_type", "access")
        json.member("exp", expiresAt.secondsSinceEpoch)
        json.member("iat", issuedAt.secondsSinceEpoch)
        json.member("jti", id.text)
        json.member("client_app_id", clientApp.uuid)
        json.member("taiki_user_id", user.uuid)
        json.member("mode", mode.rawValue)
        json.endObject()
        return json.bytes
    }

    /// Reads the claims of a token whose signature and times are in order.
    ///
    /// - Returns: nil when one of them is missing or not well-formed. A token without `mode` is one of production:
    ///   other makers of tokens with our key do not know the word.
    public init?(_ token: VerifiedToken) {
        let claims = token.claims
        guard let type = claims["token_type"], type.equals("access"),
            let id = claims["jti"]?.unescapedBytes.flatMap(ID.init),
            let clientApp = claims["client_app_id"]?.unescapedBytes.flatMap({ UUID($0) }),
            let user = claims["taiki_user_id"]?.unescapedBytes.flatMap({ UUID($0) })
        else { return nil }
        var mode = Mode.production
        if let claim = claims["mode"] {
            guard let named = Mode.allCases.first(where: { claim.equals($0.rawValue) }) else { return nil }
            mode = named
        }
        self.id = id
        self.clientApp = ClientApp.ID(clientApp)
        self.user = User.ID(user)
        self.mode = mode
        issuedAt = token.issuedAt
        expiresAt = token.expiresAt
    }
}
