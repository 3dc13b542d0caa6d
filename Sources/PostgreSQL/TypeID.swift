internal import WireFormats

/// The object ids of PostgreSQL's built-in types that this module knows (`pg_type.dat`; they never change).
enum TypeID {
    static let boolean: UInt32 = 16
    static let bytes: UInt32 = 17
    static let byteArrays: UInt32 = 1001
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let timestamp: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802

    /// text, varchar, bpchar, name, json and unknown: sent as their characters in the binary format too.
    static func isText(_ type: UInt32) -> Bool {
        switch type {
        case 25, 1043, 1042, 19, 114, 705: true
        default: false
        }
    }
}

/// The binary form of `timestamptz`: microseconds since 2000-01-01 00:00:00 UTC; the two ends mean +-infinity.
enum PostgresTime {
    private static let epoch: Int64 = 946_684_800

    static func microseconds(of time: UnixTime) -> Int64 {
        let (seconds, below) = time.secondsSinceEpoch.subtractingReportingOverflow(epoch)
        if below { return .min }
        let (microseconds, beyond) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return beyond ? (seconds < 0 ? .min : .max) : microseconds
    }

    /// Whole seconds, rounded down.
    static func unixTime(microseconds: Int64) -> UnixTime {
        switch microseconds {
        case .max: return UnixTime(secondsSinceEpoch: .max)
        case .min: return UnixTime(secondsSinceEpoch: .min)
        default:
            let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
            return UnixTime(secondsSinceEpoch: epoch + quotient - (remainder < 0 ? 1 : 0))
        }
    }
}
