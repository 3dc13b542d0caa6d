public import PostgreSQL
public import WireFormats

/// A platform of the catalogue as the administrator sees it.
public struct PlatformRecord: Sendable {
    /// A slug, such as `first-sandbox-bank`.
    public let id: String
    public let name: String
    public let modes: Set<Mode>
    public let connectorURL: String?
    /// nil for an active one.
    public let disabledAt: UnixTime?
}

extension Administration {
    private static let createPlatform = Statement("""
        SELECT latchkey_admin.create_platform($1, $2, $3, $4, $5, $6)
        """)

    /// - Returns: false when there is a platform of that id already.
    /// - Throws: a violated constraint for an id, name or URL that the schema does not allow.
    public func registerPlatform(
        _ id: String, name: String, modes: Set<Mode>, connectorURL: String?
    ) throws(DatabaseError) -> Bool {
        try runBoolean(Self.createPlatform, [
            .text(actor), .text(id), .text(name), .boolean(modes.contains(.production)),
            .boolean(modes.contains(.sandbox)), .text(orNull: connectorURL),
        ])
    }

    private static let setPlatformActive = Statement("""
        SELECT latchkey_admin.set_platform_active($1, $2, $3)
        """)

    /// - Returns: false when there is no such platform. One that is so already is left as it is.
    public func setActive(_ active: Bool, platform: String) throws(DatabaseError) -> Bool {
        try runBoolean(Self.setPlatformActive, [.text(actor), .text(platform), .boolean(active)])
    }

    private static let platforms = Statement("""
        SELECT id, name, production, sandbox, connector_url, disabled_at
        FROM latchkey.platforms
        ORDER BY name COLLATE "C", id
        """)

    /// The whole catalogue, by name.
    public func platforms() throws(DatabaseError) -> [PlatformRecord] {
        let result = try run(Self.platforms)
        var platforms: [PlatformRecord] = []
        for row in 0..<result.rowCount {
            guard let id = try result.text(row: row, column: 0), let name = try result.text(row: row, column: 1),
                let production = try result.boolean(row: row, column: 2),
                let sandbox = try result.boolean(row: row, column: 3)
            else { throw DatabaseError.unexpectedResult }
            platforms.append(PlatformRecord(
                id: id, name: name, modes: Set((production ? [.production] : []) + (sandbox ? [.sandbox] : [])),
                connectorURL: try result.text(row: row, column: 4),
                disabledAt: try result.unixTime(row: row, column: 5)))
        }
        return platforms
    }
}
