import NIOCore

/// Drops a connection over which more comes than an answer of interest has. It stands before TLS, whose own way to
/// close waits for the receiver's farewell and takes in meanwhile whatever else is sent.
final class Valve: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The longest head that the parser accepts, 80 KiB, and what is read of a body, with room for TLS.
    private var left = 128 * 1024

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        left -= unwrapInboundIn(data).readableBytes
        guard left >= 0 else { return context.close(promise: nil) }
        context.fireChannelRead(data)
    }
}
