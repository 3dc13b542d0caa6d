/// Which of the two worlds a request belongs to. Users, tokens and links of one do not exist in the other.
public enum Mode: String, Sendable, CaseIterable {
    case production, sandbox
}
