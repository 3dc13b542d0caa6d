import LatchkeyCore
import WireFormats

/// What `enable` and `disable` answer, whatever it is that can be either.
struct Activation: Answer {
    /// Such as `client app`; with underscores for spaces it is the id's name in JSON.
    let noun: String
    let id: String
    let active: Bool

    var text: String { "\(noun) \(id) is \(activity(active))" }

    func write(to json: inout JSONWriter) {
        json.member(noun.replacing(" ", with: "_") + "_id", id)
        json.member("active", active)
    }
}

/// How people are told.
func activity(_ active: Bool) -> String { active ? "active" : "disabled" }
