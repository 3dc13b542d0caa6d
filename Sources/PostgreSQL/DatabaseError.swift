/// What went wrong with the database, and what may be done about it.
///
/// The description is fit for any log: it holds no parameter, no SQL and nothing that the server wrote.
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The conninfo is none that libpq or this module accepts. `serverMessage` has the sentence for the operator.
        case invalidConninfo
        /// A text parameter contains NUL, which PostgreSQL cannot store. Nothing was sent.
        case invalidParameter
        /// No connection could be made: refused, no such host, not accepting connections, a wrong password ...
        case unreachable
        /// The deadline passed; `sent` tells whether the statement may have reached the server.
        case deadline(sent: Bool)
        /// The connection broke without a word from the server.
        case connectionLost(sent: Bool)
        /// The server answered with an error.
        case server(SQLState)
        /// The answer is not what the caller expects: another type, no such row or column.
        case unexpectedResult
    }

    public let kind: Kind
    /// The server's (or libpq's) own message. It may quote data: for the administrator's screen, not for a shared log.
    public let serverMessage: String?
    /// The server's hint, with the same caution.
    public let serverHint: String?
    /// The constraint that was violated, by name.
    public let constraint: String?

    init(_ kind: Kind, serverMessage: String? = nil, serverHint: String? = nil, constraint: String? = nil) {
        self.kind = kind
        self.serverMessage = serverMessage
        self.serverHint = serverHint
        self.constraint = constraint
    }

    /// For callers that know already that the database is away.
    public static var unreachable: DatabaseError { DatabaseError(.unreachable) }

    /// For stores: a row that is not as the function promises.
    public static var unexpectedResult: DatabaseError { DatabaseError(.unexpectedResult) }

    /// Nothing has happened in the database and the same statement may be sent again.
    public var isRetryable: Bool {
        switch kind {
        case .unreachable, .deadline(sent: false), .connectionLost(sent: false): true
        case .server(let state): state.isRetryable
        default: false
        }
    }

    /// The statement may or may not have been carried out: only one that can be repeated safely may be sent again.
    public var isAmbiguous: Bool {
        switch kind {
        case .deadline(sent: true), .connectionLost(sent: true): true
        case .server(let state): state == .adminShutdown || state == .crashShutdown
        default: false
        }
    }

    /// The database is away or unwell, rather than the statement or its parameters wrong.
    public var isOutage: Bool { isRetryable || isAmbiguous }

    /// This connection is of no more use; the next run opens a new one.
    public var needsReconnect: Bool {
        switch kind {
        case .unreachable, .deadline, .connectionLost: true
        case .server(let state): state.needsReconnect
        case .invalidConninfo, .invalidParameter, .unexpectedResult: false
        }
    }

    public var description: String {
        switch kind {
        case .invalidConninfo: "the database conninfo is not valid"
        case .invalidParameter: "a text for the database contains NUL"
        case .unreachable: "the database cannot be reached"
        case .deadline(sent: false): "the deadline passed before the database was asked"
        case .deadline(sent: true): "the deadline passed before the database answered"
        case .connectionLost: "the connection to the database was lost"
        case .server(let state): "the database answered with SQLSTATE \(state)"
        case .unexpectedResult: "the database's answer is not of the expected form"
        }
    }
}

/// Five characters that say what PostgreSQL objects to (appendix A of its manual). A value, not a closed list, so that
/// a code unknown here still travels.
public struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(_ code: StaticString) { rawValue = "\(code)" }

    public static let readOnlyTransaction = SQLState("25006")
    public static let invalidParameterValue = SQLState("22023")
    public static let uniqueViolation = SQLState("23505")
    public static let serializationFailure = SQLState("40001")
    public static let deadlockDetected = SQLState("40P01")
    public static let insufficientPrivilege = SQLState("42501")
    public static let undefinedFunction = SQLState("42883")
    public static let invalidSchemaName = SQLState("3F000")
    public static let tooManyConnections = SQLState("53300")
    public static let queryCanceled = SQLState("57014")
    public static let adminShutdown = SQLState("57P01")
    public static let crashShutdown = SQLState("57P02")
    public static let cannotConnectNow = SQLState("57P03")
    public static let protocolViolation = SQLState("08P01")

    /// The first two characters: the class, such as "23" for a violated constraint.
    public var classCode: Substring { rawValue.prefix(2) }

    var isRetryable: Bool {
        switch self {
        case .cannotConnectNow, .readOnlyTransaction, .serializationFailure, .deadlockDetected, .tooManyConnections,
            .protocolViolation: true
        default: false
        }
    }

    /// The server is going away, is no longer the primary, or does not follow the protocol.
    var needsReconnect: Bool {
        self == .readOnlyTransaction || classCode == "08" || rawValue.hasPrefix("57P") || self == .tooManyConnections
    }

    public var description: String { rawValue }
}
