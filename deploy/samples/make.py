#!/usr/bin/env python3
"""Makes the sample documents beside it: small PDFs that a person can read in any editor, the same bytes each time."""

from pathlib import Path

# By their boxes on the form: number, name, amount.
FORMS = {
    "1099_DIV.pdf": ("1099-DIV", "Dividends and Distributions", [
        ("1a", "Total ordinary dividends", "214.30"),
        ("1b", "Qualified dividends", "180.12"),
        ("2a", "Total capital gain distributions", "75.00"),
        ("3", "Nondividend distributions", "0.00"),
        ("4", "Federal income tax withheld", "0.00"),
        ("5", "Section 199A dividends", "0.00"),
        ("7", "Foreign tax paid", "3.41"),
    ]),
    "1099_INT.pdf": ("1099-INT", "Interest Income", [
        ("1", "Interest income", "123.45"),
        ("2", "Early withdrawal penalty", "0.00"),
        ("3", "Interest on U.S. Savings Bonds", "0.00"),
        ("4", "Federal income tax withheld", "0.00"),
        ("5", "Investment expenses", "0.00"),
        ("6", "Foreign tax paid", "0.00"),
        ("8", "Tax-exempt interest", "10.00"),
    ]),
}

PEOPLE = [
    ("PAYER'S name", "First Sandbox Bank"),
    ("PAYER'S address", "1 Example Street, Nowhere"),
    ("PAYER'S TIN", "00-0000000"),
    ("RECIPIENT'S TIN", "XXX-XX-0000"),
    ("RECIPIENT'S name", "Sam Sample"),
    ("RECIPIENT'S address", "2 Example Street, Nowhere"),
    ("Account number", "SAMPLE-0001"),
]

# In points, from the lower left corner of a US letter page: the form's left and upper edge, and one of its boxes.
LEFT, TOP, WIDTH, HEIGHT = 54, 640, 252, 44

REGULAR, BOLD = "F1", "F2"


def text(font, size, x, y, words):
    escaped = words.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET"


def box(column, row, label, value):
    x, y = LEFT + column * WIDTH, TOP - (row + 1) * HEIGHT
    return [f"{x} {y} {WIDTH} {HEIGHT} re S", text(REGULAR, 7, x + 5, y + HEIGHT - 10, label),
            text(BOLD, 12, x + 5, y + 10, value)]


def page(form, title, amounts):
    lines = [
        # Across the page, behind all else.
        "0.88 g", "BT /F2 140 Tf 0.766 0.643 -0.643 0.766 110 150 Tm (SAMPLE) Tj ET", "0 g",
        "0.75 0 0 rg", text(BOLD, 30, LEFT, 712, "SAMPLE"), "0 g",
        text(BOLD, 20, LEFT, 680, f"Form {form}"), text(REGULAR, 14, LEFT, 656, title), "0.6 w",
    ]
    for row, (label, value) in enumerate(PEOPLE):
        lines += box(0, row, label, value)
    for row, (number, name, amount) in enumerate(amounts):
        lines += box(1, row, f"{number}  {name}", f"$ {amount}")
    lines.append(text(REGULAR, 10, LEFT, 300, "SAMPLE: no person, no payer and no amount is real. "
                                              "Made for trying Latchkey; not a form to be filed."))
    return "\n".join(lines)


def document(form, title, amounts):
    content = page(form, title, amounts)
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R\n"
        "   /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        font.format("Helvetica"),
        font.format("Helvetica-Bold"),
        f"<< /Title (SAMPLE Form {form}) /Producer (Latchkey) >>",
    ]
    made = "%PDF-1.5\n"
    # Where each object is: kind, offset and generation, in 1, 2 and 1 bytes; in hexadecimal digits, to be text.
    places = ["00000000"]
    for number, content in enumerate(objects, 1):
        places.append(f"01{len(made):04X}00")
        made += f"{number} 0 obj\n{content}\nendobj\n"
    start = len(made)
    number = len(objects) + 1
    places.append(f"01{start:04X}00")
    table = "\n".join(places) + ">"
    return made + (
        f"{number} 0 obj\n<< /Type /XRef /Size {number + 1} /W [1 2 1] /Root 1 0 R /Info 7 0 R\n"
        f"   /Filter /ASCIIHexDecode /Length {len(table)} >>\n"
        f"stream\n{table}\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n")


if __name__ == "__main__":
    for file, parts in FORMS.items():
        Path(__file__).with_name(file).write_text(document(*parts), encoding="ascii")
