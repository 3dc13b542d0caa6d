import ArgumentParser

/// A time span as people write it: `90s`, `30m`, `24h`, `7d`, `1h30m`, or `0`.
struct Span: ExpressibleByArgument {
    static let day = Span(hours: 24)

    let duration: Duration

    private init(hours: Int) {
        duration = .seconds(hours * 3600)
    }

    init?(argument: String) {
        guard argument != "0" else {
            duration = .zero
            return
        }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        var (total, digits) = (0, "")
        for character in argument {
            if character.isASCII, character.isNumber, digits.count < 9 {
                digits.append(character)
            } else if let unit = units[character], let number = Int(digits) {
                total += number * unit
                digits = ""
            } else {
                return nil
            }
        }
        // A year at most: an overlap for ever would be no regeneration.
        guard digits.isEmpty, !argument.isEmpty, total <= 366 * 86_400 else { return nil }
        duration = .seconds(total)
    }

    /// For the help.
    var defaultValueDescription: String { "\(duration.components.seconds / 3600)h" }
}
