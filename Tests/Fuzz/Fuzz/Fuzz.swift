/// What libFuzzer, whose own `main` the compiler's -sanitize=fuzzer links, calls with every input.
///
/// One program for all targets: its last argument names the one, as in `fuzz [option...] [file or folder...]
/// -ignore_remaining_args=1 json`. `Tests/Fuzz/run` starts it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // In memory of its own: the address sanitizer sees a step beyond it.
    target(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "json": JSONTarget.check,
    "base64url": Base64URLTarget.check,
    "compact-token": CompactTokenTarget.check,
    "verify": VerifyTarget.check,
    "claims": ClaimsTarget.check,
    "cursor": CursorTarget.check,
    "download-link": DownloadLinkTarget.check,
    "state": StateTarget.check,
    "request": RequestTarget.check,
    "request-preview": RequestPreviewTarget.check,
]

private let target: @Sendable ([UInt8]) -> Void = {
    guard let target = targets[CommandLine.arguments.last ?? ""] else {
        fatalError("the last argument names no target: \(targets.keys.sorted().joined(separator: ", "))")
    }
    return target
}()

/// What must hold for every input. libFuzzer keeps the input for which it does not.
func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}
