"""Word files made by hand, as small as they can be."""

from __future__ import annotations

import io
import zipfile
from html import escape

_SPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
}
SPACES = " ".join(f'xmlns:{key}="{value}"' for key, value in _SPACES.items())
_KINDS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def run(words: str, properties: str = "") -> str:
    """Return a run of words; `properties` are those of its `rPr`."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(words)}</w:t></w:r>'


def paragraph(inner: str, properties: str = "") -> str:
    """Return a paragraph of words or of runs; `properties` are those of its `pPr`."""
    inner = inner if inner.startswith("<") or not inner else run(inner)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def table(*rows: str) -> str:
    """Return a table of rows of `w:tc` elements."""
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def cell(inner: str, properties: str = "") -> str:
    """Return a cell of words or of blocks."""
    inner = inner if inner.startswith("<") else paragraph(inner)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def pack(**parts: str | bytes) -> bytes:
    """Return a zip file of parts; `__` stands for `/` and `_dot_` for `.` in their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, words in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), words)
    return file.getvalue()


def relate(**targets: str) -> str:
    """Return the relationships of a part: ids to a kind and a target, parted by a blank."""
    inner = "".join(
        f'<Relationship Id="{key}" Type="{_KINDS}{kind}" Target="{target}"/>'
        for key, (kind, target) in ((key, value.split(" ")) for key, value in targets.items())
    )
    return f'<Relationships xmlns="urn:relationships">{inner}</Relationships>'


def make_word(
    body: str, targets: dict[str, str] | None = None, strict: bool = False, **parts: str
) -> bytes:
    """Return a Word file; `parts` are the inner XML of others (`styles`, `footnotes`)."""
    made: dict[str, str | bytes] = {
        "_rels__.rels": relate(r1="officeDocument word/document.xml"),
        "word__document.xml": f"<w:document {SPACES}><w:body>{body}</w:body></w:document>",
        "word___rels__document.xml.rels": relate(
            **{f"r{name}": f"{name.rstrip('123')} {name}.xml" for name in parts}, **(targets or {})
        ),
    }
    for name, inner in parts.items():
        made[f"word__{name}.xml"] = f"<w:{name} {SPACES}>{inner}</w:{name}>"
    if strict:
        for name, words in made.items():
            assert isinstance(words, str)
            for key in ("w", "r", "m"):
                room = "wordprocessingml/main" if key == "w" else f"officeDocument/{key}"
                words = words.replace(_SPACES[key], f"http://purl.oclc.org/ooxml/{room}")
            made[name] = words
    return pack(**made)
