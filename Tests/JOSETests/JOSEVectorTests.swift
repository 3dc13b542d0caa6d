@testable import JOSE
import Testing
import WireFormats

/// Published vectors. Skipped where the files are not at hand.
@Suite(.enabled(if: !TestData.isMissing, "the test data are not part of this repository: set LATCHKEY_TESTDATA"))
struct JOSEVectorTests {
    private let limits = JSONLimits(maximumBytes: 1 << 24, maximumDepth: 16, maximumMembers: 1 << 20)

    private func json(_ path: String) throws -> JSONObject {
        try JSONObject(parsing: TestData.bytes(path), limits: limits)
    }

    /// The objects in an array of a file.
    private func objects(_ path: String, _ array: String) throws -> [JSONObject] {
        try #require(json(path)[array]?.array).compactMap(\.object)
    }

    /// What the signature layer says of a token: the payload, or the refusal.
    private func authenticate(_ token: [UInt8], _ keys: KeySet) throws -> Result<[UInt8], JOSEError> {
        let verifier = try Verifier(keys: keys, policy: TokenPolicy(keyForMissingKid: .eachHS256Key))
        return Result { () throws(JOSEError) in try verifier.authenticate(token[...]).payload }
    }

    /// The bytes of a member written in hexadecimal.
    private func hexadecimal(_ value: JSONValue?) throws -> [UInt8] {
        let digits = try #require(value?.unescapedBytes)
        return try stride(from: digits.startIndex, to: digits.endIndex, by: 2).map { index in
            try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
        }
    }

    /// The text of a value as JSON, to put a key of a file into a set.
    private func text(_ object: JSONObject) -> String {
        var json = JSONWriter()
        json.beginObject()
        let members = object.members.map { member in
            var name = JSONWriter()
            name.element(member.name)
            var value = JSONWriter()
            value.element(member.value.string)
            return String(decoding: name.bytes, as: UTF8.self) + ":" + String(decoding: value.bytes, as: UTF8.self)
        }
        return "{" + members.joined(separator: ",") + "}"
    }

    @Test func `HMAC gives the codes of Wycheproof, at full length only`() throws {
        var tested = 0
        for group in try objects("wycheproof/hmac_sha256_test.json", "testGroups") {
            let tagBytes = Int(try #require(group["tagSize"]?.integer)) / 8
            for test in try #require(group["tests"]?.array).compactMap(\.object) {
                let mac = try HMACSHA256(key: hexadecimal(test["key"]))
                let code = try mac.authenticationCode(for: hexadecimal(test["msg"]))
                let tag = try hexadecimal(test["tag"])
                let isValid = test["result"]?.string == "valid"
                let note = "\(test["tcId"]?.integer ?? 0) \(test["comment"]?.string ?? "")"
                #expect((Array(code[..<tagBytes]) == tag) == isValid, "\(note)")
                #expect(constantTimeEquals(code, tag) == (isValid && tagBytes == 32), "\(note)")
                tested += 1
            }
        }
        #expect(tested == 174)
    }

    @Test func `signatures are judged as Wycheproof judges them, other algorithms are refused`() throws {
        var (accepted, refused, contradictory, unsupported) = (0, 0, 0, 0)
        for group in try objects("wycheproof/json_web_signature_test.json", "testGroups") {
            let jwk = try #require(group["private"]?.object ?? group["public"]?.object)
            let tests = try #require(group["tests"]?.array).compactMap(\.object)
            guard jwk["alg"]?.string == "HS256" else {
                #expect(throws: JOSEError.self) { try Forge.keys(text(jwk)) }
                unsupported += tests.count
                continue
            }
            // Made without judging its strength: one of the keys is all zeros, which no key set may hold.
            let kid = try #require(jwk["kid"]?.string.flatMap { KeyID($0) })
            let secret = try #require(jwk["k"]?.unescapedBytes.flatMap { Base64URL.decode($0) })
            let material = HMACKey(secret: SecretBytes(secret))
            let keys = try KeySet(keys: [Key(id: kid, algorithm: .HS256, material: material)])
            #expect(((try? Forge.keys(text(jwk))) == nil) == (Set(secret).count == 1))
            let valid = tests.filter { $0["result"]?.string == "valid" }.compactMap { $0["jws"]?.string }
            for test in tests {
                // Some are JSON serialisations: given as an object or as a string, they are no compact token.
                let token = test["jws"]?.string?.bytes ?? "{}".bytes
                let id = try #require(test["tcId"]?.integer)
                let note = "\(id) \(test["comment"]?.string ?? "")"
                switch (try authenticate(token, keys), test["result"]?.string) {
                case (.success, "valid"): accepted += 1
                case (.failure, "invalid"): refused += 1
                // Two that were to have wrong padding are the valid token itself.
                case (.success, "invalid") where valid.contains(test["jws"]?.string ?? ""): contradictory += 1
                // A character outside the alphabet in header or payload, which Wycheproof lets a decoder skip.
                case (.failure(.badSignature), "valid") where id == 373: refused += 1
                case (.failure(.malformed), "valid") where id == 372: refused += 1
                case (let result, let expected): Issue.record("\(note): \(result), expected \(expected ?? "")")
                }
            }
        }
        #expect((accepted, refused, contradictory, unsupported) == (8, 30, 2, 361))
    }

    @Test func `keys are read as Wycheproof demands`() throws {
        // A mixed set would be allowed where all its algorithms are known.
        var accepted: [Int64] = []
        for group in try objects("wycheproof/json_web_key_test.json", "testGroups") {
            let jwks = try #require(group["private"]?.object?["keys"]?.array).compactMap(\.object).map(text)
            let keys = try? KeySet(parsingJWKSet: "{\"keys\":[\(jwks.joined(separator: ","))]}".bytes)
            for test in try #require(group["tests"]?.array).compactMap(\.object) {
                let id = try #require(test["tcId"]?.integer)
                let token = try #require(test["jws"]?.string)
                guard let keys, case .success = try authenticate(token.bytes, keys) else { continue }
                #expect(test["result"]?.string == "valid", "\(id) \(test["comment"]?.string ?? "")")
                accepted.append(id)
            }
        }
        // The valid ones under HS256. The others that are valid there are of RS256, HS384 and HS512.
        #expect(accepted == [2, 13])
    }

    @Test func `encrypted tokens are refused`() throws {
        var tested = 0
        let keys = try Forge.keys(Forge.jwk())
        for name in ["json_web_encryption_test.json", "json_web_crypto_test.json"] {
            for group in try objects("wycheproof/\(name)", "testGroups") {
                for test in try #require(group["tests"]?.array).compactMap(\.object) {
                    guard let token = test["jwe"]?.string else { continue }
                    if case .success = try authenticate(token.bytes, keys) { Issue.record("accepted: \(token)") }
                    tested += 1
                }
            }
        }
        #expect(tested > 0)
    }

    @Test func `the examples of RFC 7515 appendix A are accepted under HS256 and refused otherwise`() throws {
        for test in try objects("rfc7515-appendix-a/rfc7515_appendix_a.json", "tests") {
            let token = try #require(test["jws"]?.string).bytes
            let id = try #require(test["id"]?.string)
            var secret = Forge.secret
            if let k = test["jwk"]?.object?["k"]?.unescapedBytes { secret = try #require(Base64URL.decode(k)) }
            let keys = try Forge.keys(Forge.jwk(secret: secret))
            let result = try authenticate(token, keys)
            if id == "A.1" {
                #expect(throws: Never.self) { try result.get() }
            } else {
                #expect(result == .failure(.algorithmMismatch), "\(id)")
            }
            // As a token it expired in 2011, and has no iat.
            #expect(try Verifier(keys: keys, policy: TokenPolicy()).refusal(token) != nil)
        }
    }

    @Test func `of the RFC 7520 cookbook the HS256 example is accepted and everything else refused`() throws {
        // Its key, 4.4's, is from section 3.5.
        let key = try json("jose-cookbook/jwk/3_5.symmetric_key_mac_computation.json")
        let k = try #require(key["k"]?.unescapedBytes)
        let keys = try Forge.keys(Forge.jwk(kid: #require(key["kid"]?.string), secret: #require(Base64URL.decode(k))))
        var accepted: [String] = []
        for name in try TestData.names(in: "jose-cookbook/jws") where name.hasSuffix(".json") {
            let output = try #require(json("jose-cookbook/jws/\(name)")["output"]?.object)
            for member in output.members {
                guard let token = member.value.string else { continue }
                if case .success = try authenticate(token.bytes, keys) { accepted.append("\(name) \(member.name)") }
            }
        }
        #expect(accepted.count == 1)
        #expect(accepted.first?.hasPrefix("4_4") == true && accepted.first?.hasSuffix("compact") == true)
    }

    @Test func `unencoded payloads of RFC 7797 are refused`() throws {
        let names = try TestData.names(in: "jose-cookbook/rfc7797").filter { $0.hasSuffix(".json") }
        #expect(!names.isEmpty)
        for name in names {
            let example = try json("jose-cookbook/rfc7797/\(name)")
            let k = example["input"]?.object?["key"]?.object?["k"]?.unescapedBytes
            let secret = k.flatMap { Base64URL.decode($0) } ?? Forge.secret
            let keys = try Forge.keys(Forge.jwk(secret: secret))
            for member in example["output"]?.object?.members ?? [] {
                guard let token = member.value.string else { continue }
                if case .success = try authenticate(token.bytes, keys) { Issue.record("\(name) is accepted") }
            }
        }
    }

    @Test func `secrets of the published list are refused: short ones always, others where the list is given`() throws {
        let list = TestData.path("wallarm-jwt-secrets/jwt.secrets.list")
        let lines = try TestData.bytes("wallarm-jwt-secrets/jwt.secrets.list").split(separator: UInt8(ascii: "\n"))
            .map { $0.last == UInt8(ascii: "\r") ? Array($0.dropLast()) : Array($0) }
        #expect(lines.count > 100_000)
        var (short, weak, others) = (0, 0, [[UInt8]]())
        for line in lines {
            let set = try? Forge.keys(Forge.jwk(secret: line))
            if line.count < 32 {
                #expect(set == nil)
                short += 1
            } else if set == nil {
                weak += 1
            } else {
                others.append(line)
            }
        }
        print("list of secrets: \(short) too short, \(weak) weak by rule, \(others.count) known by the list only")
        #expect(weak > 0)
        let folder = try TemporaryFolder()
        // The list is read for each: one in fifty will do.
        for (index, secret) in others.enumerated() where index % 50 == 0 {
            let path = try folder.write("{\"keys\":[\(Forge.jwk(secret: secret))]}".bytes, to: "keys.json")
            #expect(throws: JOSEError.self) { try KeySet.load(fromFile: path, refusingSecretsIn: list) }
        }
        let path = "\(folder.path)/new.json"
        try KeySet.generateHS256(kid: #require(KeyID("new"))).save(toFile: path)
        #expect(throws: Never.self) { try KeySet.load(fromFile: path, refusingSecretsIn: list) }
    }
}
