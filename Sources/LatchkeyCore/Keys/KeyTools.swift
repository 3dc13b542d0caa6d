internal import JOSE

/// What a worker makes of the keys once for each of their editions, such as MAC contexts.
struct KeyTools<Tools> {
    private let keys: KeyRing
    private let make: (KeyRing.Keys) throws(JOSEError) -> Tools
    private var made: (edition: Int, tools: Tools)?

    init(_ keys: KeyRing, make: @escaping (KeyRing.Keys) throws(JOSEError) -> Tools) {
        self.keys = keys
        self.make = make
    }

    mutating func current() throws(JOSEError) -> Tools {
        if let made, made.edition == keys.currentEdition { return made.tools }
        let (edition, current) = keys.current
        let tools = try make(current)
        made = (edition, tools)
        return tools
    }
}
