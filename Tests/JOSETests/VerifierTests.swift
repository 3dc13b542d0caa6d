@testable import JOSE
import Testing
import WireFormats

struct VerifierTests {
    // MARK: - What is accepted

    @Test func `a token of the signer is accepted, and its claims are at hand`() throws {
        let keys = try Forge.keys(Forge.jwk(), Forge.jwk(kid: "2025-02", secret: Forge.otherSecret))
        let token = try Signer(key: keys.current).sign(claims: Forge.claims().bytes)
        let verified = try Verifier(keys: keys, policy: TokenPolicy()).verify(token[...], at: Forge.now)
        #expect(verified.keyID == KeyID("2025-03"))
        #expect(verified.claims["token_type"]?.string == "access")
        #expect(verified.issuedAt == UnixTime(secondsSinceEpoch: 1_741_814_400))
        #expect(verified.expiresAt == UnixTime(secondsSinceEpoch: 1_741_818_000))
    }

    @Test func `a token is found within a larger text by its slice`() throws {
        let token = try Forge.token()
        let text = "Bearer \(token) ".bytes
        #expect(throws: Never.self) { try Forge.verifier().verify(text[7..<text.count - 1], at: Forge.now) }
    }

    @Test func `verification of one token leaves nothing behind for the next`() throws {
        let verifier = try Forge.verifier()
        let token = try Forge.token()
        for _ in 0..<3 {
            #expect(verifier.refusal(token) == nil)
            #expect(verifier.refusal(token + "A") == .badSignature || verifier.refusal(token + "A") == .malformed)
            #expect(verifier.refusal(try Forge.token(secret: Forge.otherSecret)) == .badSignature)
        }
    }

    @Test(arguments: [
        #"{"alg":"HS256","kid":"2025-03"}"#,
        #"{"kid":"2025-03","typ":"JWT","alg":"HS256"}"#,
        #"{"typ":"jwt","alg":"HS256","kid":"2025-03"}"#,
        #"{"typ":"Jwt","alg":"HS256","kid":"2025-03"}"#,
        #" { "alg" : "HS256", "kid" : "2025-03", "unknown" : [1] } "#,
        #"{"\u0061lg":"HS256","kid":"2025\u002d03"}"#,
        #"{"alg":"HS256","kid":"2025-03","x5t":"abc","cty":"x"}"#,
    ])
    func `a header of another form that says the same is accepted`(_ header: String) throws {
        #expect(try Forge.verifier().refusal(Forge.token(header: header)) == nil)
    }

    @Test func `a key that no longer signs still verifies`() throws {
        let header = #"{"alg":"HS256","typ":"JWT","kid":"2025-02"}"#
        let token = try Forge.token(header: header, secret: Forge.otherSecret)
        let verified = try Forge.verifier().verify(token.bytes[...], at: Forge.now)
        #expect(verified.keyID == KeyID("2025-02"))
    }

    // MARK: - Algorithm

    @Test(arguments: [
        "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "hs256", "Hs256", "HS256 ", "HS2560", "RS256", "ES256",
        "EdDSA", "PS256", "HMAC", "dir", "A256KW",
    ])
    func `another algorithm is refused, whatever the signature`(_ algorithm: String) throws {
        let verifier = try Forge.verifier(TokenPolicy(keyForMissingKid: .eachHS256Key))
        for kid in [#","kid":"2025-03""#, ""] {
            let header = #"{"alg":"\#(algorithm)","typ":"JWT"\#(kid)}"#
            #expect(verifier.refusal(try Forge.token(header: header)) == .algorithmMismatch)
            let input = header.base64URL + "." + Forge.claims().base64URL
            #expect(verifier.refusal(input + ".") == .algorithmMismatch)
            #expect(verifier.refusal(input + ".AAAA") == .algorithmMismatch)
        }
    }

    @Test(arguments: ["null", "1", "true", #"["HS256"]"#, #"{"HS256":1}"#])
    func `an algorithm that is no string is refused`(_ value: String) throws {
        let header = #"{"alg":\#(value),"kid":"2025-03"}"#
        #expect(try Forge.verifier().refusal(Forge.token(header: header)) == .algorithmMismatch)
    }

    @Test func `a header without an algorithm is refused`() throws {
        #expect(try Forge.verifier().refusal(Forge.token(header: #"{"kid":"2025-03"}"#)) == .algorithmMismatch)
    }

    /// Codes of SHA-384 and SHA-512 under the HS256 key, right for their header's algorithm and for the key's.
    @Test(arguments: [
        ("HS384", "C55S5aBc1TMUyTA24qdqHm80A_rezndEz2YDkyr5b5YpAFU0nfaLpzBiHMI8-QE5"),
        ("HS256", "wHzMlkRfb2XtckqyoiPok34IITK4xFhr3Z6YxVNIlEw2lnt0JfLaOEkEEucPT3yp"),
        ("HS512", "RjsPY4Ra34idfaDRoijS6hhx20KiVwhqWo-7TfqdSMBkkeXGWRTuuGIiy46H6qKXoX-lNmYp3xPZykhIOyIbpA"),
        ("HS256", "cB3FPfK908gliSEOnXDJV8A0SRsmV7BoIXaXKv0UFBD4SlaTQD-CunRYWL4Nal7OSpwe9rv-qFrJ1bVbjJILgQ"),
    ])
    func `a code by a longer hash under the HS256 key is refused`(_ algorithm: String, _ code: String) throws {
        let input = #"{"alg":"\#(algorithm)","kid":"2025-03"}"#.base64URL + "." + Forge.claims().base64URL
        let expected: JOSEError = algorithm == "HS256" ? .badSignature : .algorithmMismatch
        #expect(try Forge.verifier().refusal("\(input).\(code)") == expected)
    }

    // MARK: - Key

    @Test(arguments: [
        "2025-04", "2025-03 ", "2025-0", "../../../../dev/null", "/dev/null", "' OR 1=1 --", "2025-03' UNION SELECT 'x",
        "2025-03\\u0001", "", "|/usr/bin/id", "https://example.org/key", "2025\u{2010}03",
        String(repeating: "k", count: 65),
    ])
    func `an unknown key is refused, whatever it names`(_ kid: String) throws {
        let header = #"{"alg":"HS256","kid":"\#(kid)"}"#
        for policy in [TokenPolicy(), TokenPolicy(keyForMissingKid: .eachHS256Key)] {
            #expect(try Forge.verifier(policy).refusal(Forge.token(header: header)) == .unknownKey)
            // The classic: a file of known content taken for the key.
            #expect(try Forge.verifier(policy).refusal(Forge.token(header: header, secret: [])) == .unknownKey)
        }
    }

    @Test(arguments: ["null", "1", "true", #"["2025-03"]"#, "{}"])
    func `a key name that is no string is refused`(_ kid: String) throws {
        let header = #"{"alg":"HS256","kid":\#(kid)}"#
        let policy = TokenPolicy(keyForMissingKid: .eachHS256Key)
        #expect(try Forge.verifier(policy).refusal(Forge.token(header: header)) == .unknownKey)
    }

    @Test func `a right header with the signature of another key is refused`() throws {
        #expect(try Forge.verifier().refusal(Forge.token(secret: Forge.otherSecret)) == .badSignature)
        let header = #"{"alg":"HS256","kid":"2025-03"}"#
        #expect(try Forge.verifier().refusal(Forge.token(header: header, secret: Forge.otherSecret)) == .badSignature)
        #expect(try Forge.verifier().refusal(Forge.token(secret: [])) == .badSignature)
    }

    @Test(arguments: [#"{"typ":"JWT","alg":"HS256"}"#, #"{"alg":"HS256"}"#])
    func `a token without key name is refused, or tried with each key if the policy says so`(_ header: String) throws {
        let strict = try Forge.verifier()
        let lenient = try Forge.verifier(TokenPolicy(keyForMissingKid: .eachHS256Key))
        for secret in [Forge.secret, Forge.otherSecret] {
            let token = try Forge.token(header: header, secret: secret)
            #expect(strict.refusal(token) == .unknownKey)
            #expect(try lenient.verify(token.bytes[...], at: Forge.now).keyID == nil)
        }
        let third = try Forge.token(header: header, secret: "a third key that nobody has ever heard of".bytes)
        #expect(lenient.refusal(third) == .badSignature)
    }

    // MARK: - Header members

    @Test(arguments: [
        #""crit":["exp"]"#, #""crit":["b64"],"b64":false"#, #""crit":[]"#, #""crit":"exp""#, #""crit":null"#,
        #""crit":{}"#, #""crit":["unknown"],"unknown":true"#, #""\u0063rit":["x"]"#,
    ])
    func `a critical extension is refused`(_ member: String) throws {
        let header = #"{"alg":"HS256","kid":"2025-03",\#(member)}"#
        #expect(try Forge.verifier().refusal(Forge.token(header: header)) == .criticalHeader)
    }

    @Test(arguments: [
        #""jku":"https://attacker.example/keys.json""#, #""x5u":"https://attacker.example/c.pem""#,
        #""jwk":{"kty":"oct","k":"AAAA"}"#, #""x5c":["MIIB"]"#, #""zip":"DEF""#, #""b64":false"#, #""b64":true"#,
        #""jku":null"#, #""typ":"JWE""#, #""typ":"at+jwt""#, #""typ":"JWT ""#, #""typ":"application/jwt""#, #""typ":1"#,
        #""typ":null"#, #""typ":["JWT"]"#, #""typ":"""#, #""typ":"J\u0057Ts""#,
    ])
    func `a member that points elsewhere or another type is refused`(_ member: String) throws {
        let header = #"{"alg":"HS256","kid":"2025-03",\#(member)}"#
        #expect(try Forge.verifier().refusal(Forge.token(header: header)) == .unsupportedHeader)
    }

    @Test(arguments: [
        #"{"alg":"HS256","alg":"HS256","kid":"2025-03"}"#, #"{"alg":"none","kid":"2025-03","\u0061lg":"HS256"}"#,
        #"{"alg":"HS256","kid":"2025-03","kid":"2025-02"}"#, #"{"alg":"HS256","kid":"2025-03","x":{"y":1,"y":2}}"#,
        "", " ", "null", "[]", #""HS256""#, "{", #"{"alg":"HS256","kid":"2025-03"}}"#,
        #"{"alg":"HS256","kid":"2025-03",}"#,
        "\u{feff}{\"alg\":\"HS256\",\"kid\":\"2025-03\"}", "{\"alg\":\"HS256\",\"kid\":\"2025-03\\u0000\"}",
        "{\"alg\":\"HS256\",\"kid\":\"2025-03\",\"x\":\"\\ud800\"}",
        "{\"alg\":\"HS256\",\"kid\":\"2025-03\",\"x\":\(Forge.tooDeep)}",
    ])
    func `a header that is not an object with each member once is refused`(_ header: String) throws {
        #expect(try Forge.verifier().refusal(Forge.token(header: header)) == .malformed)
    }

    // MARK: - Signature

    @Test func `a single changed bit anywhere is refused`() throws {
        let verifier = try Forge.verifier()
        let token = try Forge.token().bytes
        for index in token.indices {
            for bit in 0..<8 {
                var changed = token
                changed[index] ^= 1 << bit
                #expect(verifier.refusal(changed) != nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func `a single changed bit in the code itself is refused as a bad signature`() throws {
        let verifier = try Forge.verifier()
        let input = Forge.header.base64URL + "." + Forge.claims().base64URL
        let code = try HMACSHA256(key: Forge.secret).authenticationCode(for: input.bytes)
        for index in code.indices {
            for bit in 0..<8 {
                var changed = code
                changed[index] ^= 1 << bit
                #expect(verifier.refusal(input.bytes + ".".bytes + Base64URL.encode(changed)) == .badSignature)
            }
        }
    }

    @Test func `a code cut short or made longer is refused`() throws {
        let verifier = try Forge.verifier()
        let input = Forge.header.base64URL + "." + Forge.claims().base64URL
        let code = try HMACSHA256(key: Forge.secret).authenticationCode(for: input.bytes)
        for length in 0..<32 {
            let cut = Base64URL.encode(Array(code[..<length]))
            #expect(verifier.refusal(input.bytes + ".".bytes + cut) == .badSignature)
        }
        for more: [UInt8] in [[0], [0, 0], code, [UInt8](repeating: 0, count: 1000)] {
            #expect(verifier.refusal(input.bytes + ".".bytes + Base64URL.encode(code + more)) == .badSignature)
        }
        #expect(verifier.refusal(input.bytes + ".".bytes + Base64URL.encode(code.reversed())) == .badSignature)
    }

    @Test func `the signature is judged before the claims`() throws {
        let verifier = try Forge.verifier()
        for claims in ["not JSON", Forge.claims(exp: "1"), Forge.claims(exp: nil), "{}"] {
            #expect(verifier.refusal(try Forge.token(claims: claims, secret: Forge.otherSecret)) == .badSignature)
        }
    }

    @Test func `claims moved from one token to another are refused`() throws {
        let one = try Forge.token().split(separator: ".")
        let two = try Forge.token(claims: Forge.claims(more: #","admin":true"#)).split(separator: ".")
        #expect(try Forge.verifier().refusal("\(one[0]).\(two[1]).\(one[2])") == .badSignature)
        #expect(try Forge.verifier().refusal("\(two[0]).\(two[1]).\(two[2])") == nil)
    }

    // MARK: - Form

    @Test func `padding, white space, other alphabets and stray bits are refused`() throws {
        let verifier = try Forge.verifier()
        let token = try Forge.token()
        let parts = token.split(separator: ".").map(String.init)
        for (index, part) in parts.enumerated() {
            var changed = parts
            for form in [
                part + "=", part + "==", " " + part, part + " ", part + "\n", "\t" + part, part + "\u{0}",
                part + "\r\n", part.prefix(4) + "+" + part.dropFirst(5), part.prefix(4) + "/" + part.dropFirst(5),
                part + "A", part + "é", part.prefix(8) + "\n" + part.dropFirst(8), "",
            ] {
                changed[index] = String(form)
                #expect(verifier.refusal(changed.joined(separator: ".")) != nil)
            }
        }
        // 32 bytes leave two spare bits in the 43rd character: three more characters would decode to the same code.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let value = try #require(token.last.flatMap { alphabet.firstIndex(of: $0) })
        for spare in 1...3 {
            #expect(verifier.refusal(token.dropLast() + String(alphabet[value + spare])) == .malformed)
        }
    }

    @Test func `any number of segments other than three is refused`() throws {
        let verifier = try Forge.verifier()
        let token = try Forge.token()
        let parts = token.split(separator: ".").map(String.init)
        for form in [
            "", ".", "..", "...", "....", parts[0], "\(parts[0]).\(parts[1])", "\(parts[0])..\(parts[2])",
            ".\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).", token + ".", "." + token, token + ".AAAA",
            "\(parts[0]).\(parts[0]).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(parts[2]).\(parts[2])",
            "\(parts[0])....\(parts[2])", "\(parts[0])\(parts[1])\(parts[2])", "Bearer \(token)", "\"\(token)\"",
        ] {
            #expect(verifier.refusal(form) == .malformed || verifier.refusal(form) == .badSignature, "\(form)")
        }
    }

    @Test func `a signed payload with a dot in it is refused`() throws {
        let input = Forge.header.base64URL + "." + Forge.claims().base64URL + "." + Forge.claims().base64URL
        #expect(try Forge.verifier().refusal(input + "." + Forge.signature(of: input)) == .malformed)
    }

    @Test func `the JSON serialisations are refused`() throws {
        let parts = try Forge.token().split(separator: ".")
        let verifier = try Forge.verifier()
        let member = #""protected":"\#(parts[0])","signature":"\#(parts[2])""#
        #expect(verifier.refusal(#"{"payload":"\#(parts[1])",\#(member)}"#) == .malformed)
        #expect(verifier.refusal(#"{"payload":"\#(parts[1])","signatures":[{\#(member)}]}"#) == .malformed)
        #expect(verifier.refusal(#"{"payload":"\#(parts[1])",\#(member),"header":{"x":"a.b.c"}}"#) == .malformed)
    }

    @Test func `a token of 8 KiB is read, one byte more is not`() throws {
        let verifier = try Forge.verifier()
        // Base64url grows by four for three, so the size is met by a header with room in it.
        func token(_ size: Int) throws -> String {
            for filler in (0..<8) {
                let header = #"{"alg":"HS256","kid":"2025-03","x":"\#(String(repeating: "x", count: filler))"}"#
                let rest = size - header.base64URL.utf8.count - 2 - 43
                for length in (rest * 3 / 4 - 90)..<(rest * 3 / 4) {
                    let claims = Forge.claims(more: #","x":"\#(String(repeating: "x", count: max(0, length - 60)))""#)
                    guard claims.base64URL.utf8.count == rest else { continue }
                    return try Forge.token(header: header, claims: claims)
                }
            }
            throw JOSEError.malformed
        }
        let largest = try token(8192)
        #expect(largest.utf8.count == 8192)
        #expect(verifier.refusal(largest) == nil)
        let larger = try token(8193)
        #expect(larger.utf8.count == 8193)
        #expect(verifier.refusal(larger) == .tooLarge)
        #expect(verifier.refusal([UInt8](repeating: UInt8(ascii: "."), count: 1 << 20)) == .tooLarge)
    }

    @Test func `changed and cut tokens never trap and are never accepted`() throws {
        let verifier = try Forge.verifier(TokenPolicy(keyForMissingKid: .eachHS256Key))
        let tokens = try [Forge.token(), Forge.token(header: #"{"alg":"HS256"}"#)].map(\.bytes)
        let interesting = "..=+/AQg_-{}\" \u{0}".bytes + [0x80, 0xff]
        for seed in 0..<20_000 {
            // A linear congruence is random enough to choose places.
            var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
            func below(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            let original = tokens[seed % 2]
            var token = original
            for _ in 0...below(3) where !token.isEmpty {
                let place = below(token.count)
                switch below(4) {
                case 0: token[place] = interesting[below(interesting.count)]
                case 1: token.insert(interesting[below(interesting.count)], at: place)
                case 2: token.remove(at: place)
                default: token.removeSubrange(place...)
                }
            }
            if token != original, verifier.refusal(token) == nil {
                Issue.record("accepted: \(String(decoding: token, as: UTF8.self))")
            }
        }
    }
}
