internal import CFastCGI
import Glibc

/// One request and its answer on a FastCGI connection: owns libfcgi's FCGX_Request, which a worker reuses for all its
/// requests. It must never move (its streams point back at it), and one thread at a time may have it: the worker's, and
/// once it has been parked, that of the worker which takes it out of ``ParkedExchanges``.
@safe public final class Exchange {
    private let request: UnsafeMutablePointer<FCGX_Request>  // <FCGX_Request>
    private let input = InputReader()
    /// Whether the body is read as it comes, by ``readBody(announced:_:)``, and not as a whole.
    public private(set) var streamsBody = false

    /// What the body turned out to be.
    public enum Body {
        case bytes([UInt8])
        /// More than was asked for; the rest has been read and dropped.
        case tooLarge
        /// It ended before the announced length, or after it.
        case lengthMismatch
    }

    init() {
        // FCGX_Init sets up libfcgi's globals once. It reads the environment and its handlers are replaced by ours.
        _ = Self.library
        unsafe request = .allocate(capacity: 1)
        unsafe request.initialize(to: FCGX_Request())
        // Without a listening socket a protocol error makes FCGX_Accept_r return instead of accepting the next peer.
        unsafe FCGX_InitRequest(request, -1, 0)
    }

    deinit {
        unsafe FCGX_Free(request, 1)
        unsafe request.deinitialize(count: 1)
        unsafe request.deallocate()
    }

    private static let library: Int32 = FCGX_Init()

    /// Reads the head of the request that waits on `connection`.
    ///
    /// - Returns: false when the stream was no request; the connection is closed then.
    func accept(on connection: Int32) -> Bool {
        unsafe request.pointee.ipcFd = connection
        // FCGX_Accept_r begins with FCGX_Finish_r, which closes a connection that is not to be kept.
        unsafe request.pointee.keepConnection = 1
        // Otherwise closing shuts the socket down and polls for up to 2 s. FCGX_Free resets it.
        unsafe request.pointee.detached = 1
        guard unsafe FCGX_Accept_r(request) >= 0 else {
            unsafe request.pointee.ipcFd = -1
            return false
        }
        // An abort among the parameters leaves half of them and shows only here.
        guard unsafe FCGX_GetError(request.pointee.in) == 0 else {
            _ = finish(keepingConnection: false)
            return false
        }
        return true
    }

    /// Reads the head of a request whose body is read as it comes.
    ///
    /// libfcgi gets the head over a pair of sockets, and then the connection, to which it only writes: whatever comes
    /// behind the head, it never sees it.
    ///
    /// - Parameters:
    ///   - head: the records before the input, which wait on `connection`.
    ///   - timeout: how long the next bytes of the body may take.
    ///   - deadline: until when all of it must have come.
    /// - Returns: false when that was not possible; the connection is closed then.
    func accept(
        on connection: Int32, head: Span<UInt8>, timeout: Duration, deadline: ContinuousClock.Instant
    ) -> Bool {
        guard let copy = Self.socket(holding: head) else {
            close(connection)
            return false
        }
        guard accept(on: copy) else {
            close(connection)
            return false
        }
        close(copy)
        unsafe request.pointee.ipcFd = connection
        streamsBody = true
        let requestID = UInt16(head[2]) << 8 | UInt16(head[3])
        input.begin(
            on: connection, behind: head.count, requestID: requestID, timeout: timeout, deadline: deadline)
        return true
    }

    /// - Returns: a socket from which these bytes are to be read; nil when the system has none left.
    private static func socket(holding bytes: Span<UInt8>) -> Int32? {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) {
                unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, $0)
            }
        }
        guard code == 0 else { return nil }
        // What has been sent stays there to be read.
        defer { close(ends.1) }
        // A head is smaller than what a socket holds: it is sent at once or not at all.
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe send(ends.1, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        guard sent == bytes.count else {
            close(ends.0)
            return nil
        }
        return ends.0
    }

    /// Ends the answer. A body that nobody asked for is read first: what is left of it would be taken for the
    /// beginning of the next request.
    ///
    /// - Returns: whether the connection is still open.
    func finish(keepingConnection keep: Bool) -> Bool {
        if !drain() || !keep { unsafe request.pointee.keepConnection = 0 }
        unsafe FCGX_Finish_r(request)
        let isOpen = unsafe request.pointee.ipcFd >= 0
        unsafe request.pointee.ipcFd = -1
        streamsBody = false
        return isOpen
    }

    /// Closes the connection without an answer: there is nobody for whom to write one.
    func abandon() {
        unsafe close(request.pointee.ipcFd)
        unsafe request.pointee.ipcFd = -1
    }

    /// Calls `body` with each parameter as `NAME=value`, in the order sent. A name that was sent twice comes twice.
    public func forEachParameter(_ body: (Span<UInt8>) -> Void) {
        guard var entry = unsafe request.pointee.envp else { return }
        while let text = unsafe entry.pointee {
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: strlen(text))
            unsafe body(bytes.assumingMemoryBound(to: UInt8.self).span)
            unsafe entry += 1
        }
    }

    /// Reads the whole body.
    ///
    /// - Parameters:
    ///   - announced: CONTENT_LENGTH in bytes. A FCGI_ABORT_REQUEST or an early end looks like the end of the body, so
    ///     only the comparison with it shows a body that was cut.
    ///   - maximum: the largest body to return, in bytes.
    public func readBody(announced: Int, maximum: Int) -> Body {
        guard announced <= maximum else { return .tooLarge }
        var bytes: [UInt8] = []
        if announced > 0 {
            bytes = unsafe [UInt8](unsafeUninitializedCapacity: announced) { buffer, count in
                unsafe count = read(into: buffer.baseAddress, atMost: announced)
            }
        }
        guard bytes.count == announced, unsafe FCGX_GetChar(request.pointee.in) == -1,
            unsafe FCGX_GetError(request.pointee.in) == 0
        else { return .lengthMismatch }
        return .bytes(bytes)
    }

    /// Reads the body as it comes, where ``streamsBody`` is true: calls `take` with each piece, in order. Whatever it
    /// throws, and what is not read, the connection is right for the next request.
    ///
    /// - Parameter announced: CONTENT_LENGTH in bytes.
    /// - Returns: false when the body ended before it or went on behind it, or did not come within the time.
    public func readBody<E: Error>(announced: Int, _ take: (Span<UInt8>) throws(E) -> Void) throws(E) -> Bool {
        var left = announced
        while true {
            let count = try input.next { (piece) throws(E) in
                left -= piece.count
                if left >= 0 { try take(piece) }
            }
            guard left >= 0 else { return false }
            if count == 0 { return left == 0 && input.hasEnded }
        }
    }

    /// Appends to the answer: `Status:` and the other header lines, an empty line, the body (RFC 3875, section 6).
    /// What the peer does not take any more is dropped; ``finish(keepingConnection:)`` closes such a connection.
    public func write(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return }
            _ = unsafe FCGX_PutStr(
                start.assumingMemoryBound(to: CChar.self), Int32(clamping: buffer.count), request.pointee.out)
        }
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, atMost count: Int) -> Int {
        guard let buffer = unsafe buffer else { return 0 }
        let received = unsafe buffer.withMemoryRebound(to: CChar.self, capacity: count) {
            unsafe FCGX_GetStr($0, Int32(clamping: count), request.pointee.in)
        }
        return max(0, Int(received))
    }

    /// Reads what is left of the body, and drops it.
    ///
    /// - Returns: false when the rest was longer than any request may be, or the stream is broken.
    func drain() -> Bool {
        if streamsBody { return drainStream() }
        guard unsafe request.pointee.in != nil else { return true }
        return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { buffer in
            for _ in 0..<(RequestPreview.maximumBytes / 4096 + 1) {
                if unsafe read(into: buffer.baseAddress, atMost: buffer.count) < buffer.count {
                    return unsafe FCGX_GetError(request.pointee.in) == 0
                }
            }
            return false
        }
    }

    /// What a web server has begun to send it sends to the end before it reads the answer.
    private static let maximumDrained = 64 * 1024 * 1024

    private func drainStream() -> Bool {
        var left = Self.maximumDrained
        while left > 0 {
            let count = input.next { _ in }
            if count == 0 { return input.hasEnded && !input.isFollowed }
            left -= count
        }
        return false
    }
}
