public import WireFormats

/// SQL as it stands in the source, with `$1`, `$2` ... where the parameters go. It is a `StaticString`, so that no text
/// that came from outside can ever become part of it.
public struct Statement: Sendable {
    public let text: StaticString

    public init(_ text: StaticString) {
        precondition(text.hasPointerRepresentation, "a statement is longer than one character")
        self.text = text
    }
}

/// A value for one `$n` of a statement.
public enum Parameter: Sendable {
    case null
    /// Also for every other type that is written as text: `interval`, `jsonb`, `date` ... The server infers the type.
    case text(String)
    /// Any of PostgreSQL's integers. The server infers which.
    case integer(Int64)
    case boolean(Bool)
    case uuid(UUID)
    /// One `bytea`.
    case bytes([UInt8])
    /// One `bytea[]`.
    case byteArrays([[UInt8]])
    /// One `timestamptz`.
    case timestamp(UnixTime)

    /// An optional text: NULL where there is none.
    public static func text(orNull text: String?) -> Parameter {
        text.map(Parameter.text) ?? .null
    }

    /// An optional id: NULL where there is none.
    public static func uuid(orNull uuid: UUID?) -> Parameter {
        uuid.map(Parameter.uuid) ?? .null
    }
}
