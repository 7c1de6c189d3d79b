"""PDFs for tests, written by hand: signs and ruled lines at given places."""

from __future__ import annotations

from collections.abc import Sequence

_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
# A font of pictures: nothing tells which signs they are.
_UNREAD = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+Odd /Encoding /Identity-H /DescendantFonts "
    "[<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Odd /CIDSystemInfo "
    "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 >>] >>"
)


def say(
    x: float, y: float, size: float, words: str, *, bold: bool = False, state: str = "",
    turn: str = "1 0 0 1",
) -> str:  # fmt: skip
    """Return what draws words in Helvetica; `state` is drawn before them, `turn` is a matrix."""
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    font = "F2" if bold else "F1"
    return f"q {state} BT /{font} {size} Tf {turn} {x} {y} Tm ({escaped}) Tj ET Q"


def rule(left: float, bottom: float, right: float, top: float) -> str:
    """Return what draws a line."""
    return f"{left} {bottom} m {right} {top} l S"


def say_unread(x: float, y: float, codes: str) -> str:
    """Return what draws signs, in hexadecimal, that their font does not tell."""
    return f"BT /F3 10 Tf {x} {y} Td <{codes}> Tj ET"


def draw_pdf(
    pages: Sequence[Sequence[str]], *, page: str = "", catalog: str = "", trailer: str = "",
    more: Sequence[str] = (),
) -> bytes:  # fmt: skip
    """Return a PDF of what is drawn on each page.

    `page`, `catalog` and `trailer` are entries of these; `more` are objects, numbered from 6.
    """
    fonts = (_FONT.format("Helvetica"), _FONT.format("Helvetica-Bold"), _UNREAD)
    objects = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>", "", *fonts, *more]
    named = "/F1 3 0 R /F2 4 0 R /F3 5 0 R"
    kids = []
    for drawn in pages:
        stream = "\n".join(drawn)
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} /Resources << /Font "
            f"<< {named} >> >> /Contents {len(objects)} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    data = b"%PDF-1.6\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    count = len(objects) + 1
    end = (
        f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{len(data)}\n%%EOF"
    )
    return data + end.encode()
