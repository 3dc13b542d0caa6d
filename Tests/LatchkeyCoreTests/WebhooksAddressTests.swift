import Testing

@testable import LatchkeyCore

@Suite("An IP address")
struct IPAddressTests {
    @Test("is read in its common notation", arguments: [
        ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::", "0:0:0:0:0:0:0:0"), ("::1", "0:0:0:0:0:0:0:1"),
        ("2001:DB8::8:800:200c:417A", "2001:db8:0:0:8:800:200c:417a"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("64:ff9b::192.0.2.33", "64:ff9b:0:0:0:0:c000:221"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("0:0:0:0:0:ffff:c000:201", "192.0.2.1"),
    ])
    func read(text: String, written: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == written)
        #expect(IPAddress(address.description) == address)
    }

    @Test("is not read from anything else", arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.+4", "0x7f.0.0.1", "127.1",
        "2130706433", "1.2.3.-0", "٣.1.1.1",
        ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", "[::1]", "::1%eth0", "::+1",
        "1.2.3.4::", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::１", "1:2:3:4::5:6:7:8", "fe80::1/64",
    ])
    func refuse(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("has 4 or 16 bytes", arguments: [0, 3, 5, 15, 17])
    func count(bytes: Int) {
        #expect(IPAddress(bytes: [UInt8](repeating: 1, count: bytes)) == nil)
    }
}

@Suite("A network")
struct IPNetworkTests {
    @Test("holds the addresses with its prefix", arguments: [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:1"]),
        ("100.64.0.0/10", ["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
        ("192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.6"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::"]),
        ("fc00::/7", ["fc00::", "fdff:ffff::1"], ["fbff::", "fe00::"]),
        ("::1/128", ["::1"], ["::", "::2", "0.0.0.1"]),
        ("2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::"]),
    ])
    func contains(text: String, inside: [String], outside: [String]) throws {
        let network = try #require(IPNetwork(text))
        for text in inside { #expect(network.contains(try #require(IPAddress(text))), "\(text)") }
        for text in outside { #expect(!network.contains(try #require(IPAddress(text))), "\(text)") }
    }

    @Test("is not read from anything else", arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.1/8", "10/8",
        "::1/64", "::/129", "localhost", "10.0.0.0/8/8", "10.0.0.0 /8",
    ])
    func refuse(text: String) {
        #expect(IPNetwork(text) == nil)
    }
}

@Suite("The rules of addresses")
struct AddressRulesTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    /// The first and the last address of each block, and what lies around it.
    @Test("keep webhooks off what is not on the public Internet", arguments: [
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.170",
        "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1",
        "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
        "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1",
        "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "2620:4f:8000::1",
        "3ffe::1", "3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1", "fc00::1", "fd00::2", "fe80::1", "febf::1",
        "fec0::1", "feff::1", "ff02::1", "ff0e::1",
    ])
    func forbidden(text: String) throws {
        let address = try address(text)
        let rules = AddressRules(allowed: [])
        #expect(!rules.allow(address, encrypted: true))
        #expect(!rules.allow(address, encrypted: false))
    }

    @Test("let them go to what is", arguments: [
        "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.1",
        "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.112.255",
        "203.0.114.0", "223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2001:200::1", "2001:4860:4860::8888",
        "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2606:4700::1111", "2a00::1", "3fff:1000::1",
    ])
    func allowed(text: String) throws {
        let rules = AddressRules(allowed: [])
        #expect(rules.allow(try address(text), encrypted: true))
        // In the open only to networks that the operator named.
        #expect(!rules.allow(try address(text), encrypted: false))
    }

    @Test("allow what the operator names, and that in the open, too")
    func exceptions() throws {
        let networks = try ["127.0.0.0/8", "fd00::/16", "8.8.8.0/24"].map { try #require(IPNetwork($0)) }
        let rules = AddressRules(allowed: networks)
        for text in ["127.0.0.1", "::ffff:127.0.0.1", "fd00::2", "8.8.8.8"] {
            #expect(rules.allow(try address(text), encrypted: true))
            #expect(rules.allow(try address(text), encrypted: false))
        }
        for text in ["::1", "10.0.0.1", "fd01::1", "64:ff9b::127.0.0.1"] {
            #expect(!rules.allow(try address(text), encrypted: true), "\(text)")
        }
        #expect(rules.allow(try address("8.8.4.4"), encrypted: true))
        #expect(!rules.allow(try address("8.8.4.4"), encrypted: false))
    }
}
