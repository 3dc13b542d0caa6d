internal import LatchkeyCore
internal import WireFormats

/// Any bytes, taken for a cursor, and for what a cursor is the encoding of.
enum CursorTarget {
    static func check(_ input: [UInt8]) {
        check(text: input)
        check(text: Base64URL.encode(input))
    }

    private static func check(text: [UInt8]) {
        if let place = LinkPlatformCursor(text) {
            expect(Array(place.text.utf8) == text, "two texts are the same place")
            expect(!place.name.utf8.contains(0) && !place.id.utf8.contains(0), "a name holds NUL")
        }
        guard let cursor = PriorYearCursor(text) else { return }
        expect(Array(cursor.text.utf8) == text, "two texts are the same cursor")
        expect(PriorYearCursor(Array(cursor.text.utf8)) == cursor, "a cursor is read as another one")
        expect(cursor.platforms != nil || cursor.documents != nil, "a cursor leads nowhere")
        for position in [cursor.platforms, cursor.documents] {
            guard let position else { continue }
            expect((0...9999).contains(position.taxYear), "a year has not four digits")
            expect(!position.name.utf8.contains(0) && !position.platform.utf8.contains(0), "a name holds NUL")
        }
    }
}
