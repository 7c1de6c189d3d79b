"""Small documents that take a machine along when they are read without limits."""

from __future__ import annotations

import io
import zipfile
import zlib

from tests.pages import draw_pdf, say
from tests.word_files import make_word, paragraph

_PAGE = (
    "<< /Type /Page /Parent 8 0 R /MediaBox [0 0 595 842] /Contents 6 0 R "
    "/Resources << /Font << /F1 3 0 R >> >> >>"
)
_FLAT = "/Filter [/FlateDecode /FlateDecode]"


def draw_fields(levels: int = 28) -> bytes:
    """Return a PDF of 3 kB whose form fields are twice in each other: 2 ** `levels` of them."""
    field = "<< /FT /Tx /T (a) /Kids [{0} 0 R {0} 0 R] >>"
    more = [field.format(7 + level) for level in range(levels)]
    more.append("<< /FT /Tx /T (z) /V (x) /Type /Annot /Subtype /Widget /Rect [0 0 10 10] >>")
    page = [say(60, 700, 10, "The plant runs.")]
    return draw_pdf([page], catalog="/AcroForm << /Fields [6 0 R] >>", more=more)


def draw_stream(mebibytes: int = 512) -> bytes:
    """Return a PDF of some kB with a page of blanks that is packed twice."""
    inner, outer = zlib.compressobj(1), zlib.compressobj(9)
    blanks = b" " * 2**24
    packed = b"".join(outer.compress(inner.compress(blanks)) for _ in range(mebibytes // 16))
    packed += outer.compress(inner.flush()) + outer.flush()
    stream = f"<< /Length {len(packed)} {_FLAT} >>\nstream\n{packed.decode('latin-1')}\nendstream"
    more = [stream, _PAGE, "<< /Type /Pages /Kids [7 0 R] /Count 1 >>"]
    return draw_pdf([], catalog="/Pages 8 0 R", more=more)


def draw_pages(each: int = 14, lines: int = 3000) -> bytes:
    """Return a PDF of 2 kB: one full page, `each` ** 3 times."""
    said = "q BT /F1 8 Tf 10 800 Td " + "(The plant runs well.) Tj 0 -2 Td " * lines + "ET Q"
    packed = zlib.compress(said.encode(), 9).decode("latin-1")
    kids = "<< /Type /Pages {} /Kids [" + "{} " * each + "] /Count {} >>"
    more = [
        f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed}\nendstream",
        _PAGE,
        kids.format("/Parent 9 0 R", *["7 0 R"] * each, each),
        kids.format("/Parent 10 0 R", *["8 0 R"] * each, each**2),
        kids.format("", *["9 0 R"] * each, each**3),
    ]
    return draw_pdf([], catalog="/Pages 10 0 R", more=more)


def pack_word(unit: str = "<w:p/>", mebibytes: int = 60) -> bytes:
    """Return a Word file of some 90 kB whose text is `unit` again and again."""
    whole = io.BytesIO()
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = unit * (mebibytes * 2**20 // len(unit))
    with (
        zipfile.ZipFile(io.BytesIO(make_word(paragraph("It runs.")))) as source,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in source.namelist():
            data = source.read(part)
            if part == "word/document.xml":
                text = f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
                data = text.encode()
            archive.writestr(part, data)
    return whole.getvalue()


def pack_sheet(mebibytes: int = 60) -> bytes:
    """Return an Excel file of some kB whose one sheet is cells without an end."""
    cell = '<c t="inlineStr"><is><t>a</t></is></c>' * 200
    rows = f"<row>{cell}</row>" * (mebibytes * 2**20 // len(cell))
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{types}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
        f'Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kinds}"><sheets><sheet name="S" '
        'sheetId="1" r:id="a"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="a" Type="{kinds}/worksheet" Target="s.xml"/></Relationships>',
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    return _pack(parts)


def pack_book(mebibytes: int = 60) -> bytes:
    """Return an EPUB of some 60 kB whose one page is elements without an end."""
    page = "<html><body><p>It runs.</p>" + "<b/>" * (mebibytes * 2**18) + "</body></html>"
    return _pack({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": "<container><rootfiles><rootfile full-path='c.opf'/></rootfiles>"
        "</container>",
        "c.opf": "<package><manifest><item id='a' href='a.xhtml' media-type="
        "'application/xhtml+xml'/></manifest><spine><itemref idref='a'/></spine></package>",
        "a.xhtml": page,
    })  # fmt: skip


def pack_directory(parts: int) -> bytes:
    """Return an archive of empty files, 84 bytes for each."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(parts):
            archive.writestr(str(number), "")
    return whole.getvalue()


def write_raised(count: int = 260_000) -> bytes:
    """Return a web page of 20 bytes for each raised figure in it."""
    return b"<html><body><article>" + b"<p>x<sup>2</sup></p>" * count


def _pack(parts: dict[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return whole.getvalue()
