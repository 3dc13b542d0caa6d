internal import CEpoll
import Glibc

/// A thread for the life of a service. Not a task and no queue: its work blocks, and it has a name in ps(1).
public enum ServiceThread {
    /// - Parameter name: at most 15 bytes; more are cut off.
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(FastCGIError) {
        let box = unsafe Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, nil, { pointer in
            guard let pointer = unsafe pointer else { return nil }
            let start = unsafe Unmanaged<Start>.fromOpaque(pointer).takeRetainedValue()
            _ = unsafe cepoll_name_thread(start.name)
            start.body()
            return nil
        }, box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw FastCGIError("start the thread \(name)", errno: code)
        }
        pthread_detach(thread)
    }

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
