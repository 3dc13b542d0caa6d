import Glibc

/// Reads a request's STDIN records (FastCGI 1.0, sections 3.3 and 5.3) from the connection as they come, into memory
/// that serves all the requests of a worker.
///
/// Not libfcgi: it would take any record between them for what it says, and some make it abort. Here each header is
/// looked at before what follows it, and all but STDIN of this request ends the connection.
final class InputReader {
    private enum State { case open, ended, broken }

    private var connection: Int32 = -1
    private var requestID: UInt16 = 0
    private var timeout: Duration = .zero
    private var deadline = ContinuousClock.now
    private var state = State.ended
    /// Of the head, which waits in the socket and is not for us.
    private var headLeft = 0
    /// Of the record at hand.
    private var contentLeft = 0
    private var paddingLeft = 0
    private var isLastRecord = false
    private var buffer: [UInt8] = []
    /// What of it has been received and not been looked at.
    private var rest = 0..<0

    private static let capacity = 64 * 1024
    private static let headerLength = 8
    private static let standardInput: UInt8 = 5

    /// - Parameters:
    ///   - headLength: how many bytes of the request wait on the connection before the input.
    ///   - timeout: how long the next bytes may take.
    ///   - deadline: until when all must have come.
    func begin(
        on connection: Int32, behind headLength: Int, requestID: UInt16, timeout: Duration,
        deadline: ContinuousClock.Instant
    ) {
        self.connection = connection
        headLeft = headLength
        self.requestID = requestID
        self.timeout = timeout
        self.deadline = deadline
        state = .open
        (contentLeft, paddingLeft, isLastRecord) = (0, 0, false)
        rest = 0..<0
    }

    /// Whether the input has ended as it should.
    var hasEnded: Bool { state == .ended }
    /// Whether something came behind it: no web server sends a request before the last one was answered.
    var isFollowed: Bool { !rest.isEmpty }

    /// Hands the next bytes of the input to `take`, as many as there are at once.
    ///
    /// - Returns: how many; 0 when the input has ended, or has broken off (see ``hasEnded``).
    func next<E: Error>(_ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Int {
        while state == .open {
            if contentLeft > 0, !rest.isEmpty {
                let count = min(contentLeft, rest.count)
                let piece = skip(count)
                contentLeft -= count
                // Lent from a variable: a property's storage cannot be.
                var buffer: [UInt8] = []
                swap(&buffer, &self.buffer)
                defer { swap(&buffer, &self.buffer) }
                try take(buffer.span.extracting(piece))
                return count
            }
            if headLeft > 0, !rest.isEmpty {
                headLeft -= skip(min(headLeft, rest.count)).count
            } else if contentLeft == 0, paddingLeft > 0, !rest.isEmpty {
                paddingLeft -= skip(min(paddingLeft, rest.count)).count
            } else if contentLeft == 0, paddingLeft == 0, isLastRecord {
                state = .ended
            } else if contentLeft == 0, paddingLeft == 0, rest.count >= Self.headerLength {
                readHeader(at: skip(Self.headerLength).lowerBound)
            } else {
                receive()
            }
        }
        return 0
    }

    /// - Returns: where the bytes are.
    private func skip(_ count: Int) -> Range<Int> {
        let start = rest.lowerBound
        rest = start + count..<rest.upperBound
        return start..<start + count
    }

    private func readHeader(at start: Int) {
        let identifier = UInt16(buffer[start + 2]) << 8 | UInt16(buffer[start + 3])
        guard buffer[start] == 1, buffer[start + 1] == Self.standardInput, identifier == requestID else {
            state = .broken
            return
        }
        contentLeft = Int(buffer[start + 4]) << 8 | Int(buffer[start + 5])
        paddingLeft = Int(buffer[start + 6])
        isLastRecord = contentLeft == 0
    }

    /// Waits for more, and takes as much as there is and fits.
    private func receive() {
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: Self.capacity) }
        // At most the beginning of a header is left over.
        for (index, position) in rest.enumerated() { buffer[index] = buffer[position] }
        rest = 0..<rest.count
        guard isReadable() else {
            state = .broken
            return
        }
        let filled = rest.count
        let received = unsafe buffer.withUnsafeMutableBytes { bytes in
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
            return unsafe recv(connection, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
        }
        if received > 0 {
            rest = 0..<filled + received
        } else if received == 0 || (errno != EAGAIN && errno != EINTR) {
            state = .broken
        }
    }

    /// Whether there is something to read before the time is over; also the end of the connection is something.
    private func isReadable() -> Bool {
        let left = min(timeout, ContinuousClock.now.duration(to: deadline))
        guard left > .zero else { return false }
        var entry = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
        let milliseconds = Int32(clamping: Int64((left / .milliseconds(1)).rounded(.up)))
        let count = unsafe poll(&entry, 1, milliseconds)
        return count > 0 || (count < 0 && errno == EINTR)
    }
}
