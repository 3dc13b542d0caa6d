#!/usr/bin/env python3
"""Makes the sample documents beside it: small PDFs that a person can read in any editor, the same bytes each time."""

from pathlib import Path

FORMS = {
    "1099_DIV.pdf": ("Form 1099-DIV", "Dividends and Distributions"),
    "1099_INT.pdf": ("Form 1099-INT", "Interest Income"),
}

PAGE = """\
BT
/F1 48 Tf
72 680 Td
(SAMPLE) Tj
/F1 24 Tf
0 -60 Td
({form}) Tj
/F1 16 Tf
0 -30 Td
({title}) Tj
0 -60 Td
(No person, no payer, no amount: made for trying Latchkey.) Tj
ET"""


def document(form, title):
    page = PAGE.format(form=form, title=title)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R\n"
        "   /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title (SAMPLE {form}) /Producer (Latchkey) >>",
    ]
    text = "%PDF-1.5\n"
    # Where each object is: kind, offset and generation, in 1, 2 and 1 bytes; in hexadecimal digits, to be text.
    places = ["00000000"]
    for number, content in enumerate(objects, 1):
        places.append(f"01{len(text):04X}00")
        text += f"{number} 0 obj\n{content}\nendobj\n"
    start = len(text)
    number = len(objects) + 1
    places.append(f"01{start:04X}00")
    table = "\n".join(places) + ">"
    return text + (
        f"{number} 0 obj\n<< /Type /XRef /Size {number + 1} /W [1 2 1] /Root 1 0 R /Info 6 0 R\n"
        f"   /Filter /ASCIIHexDecode /Length {len(table)} >>\n"
        f"stream\n{table}\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n")


if __name__ == "__main__":
    for name, (form, title) in FORMS.items():
        Path(__file__).with_name(name).write_text(document(form, title), encoding="ascii")
