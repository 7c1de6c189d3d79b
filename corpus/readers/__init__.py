"""One file per format, each with a function from a file's bytes and name to a Reading.

`READERS` maps a suffix, lower case with its dot, to the reader of that format; a file whose suffix
is not in it is not a document. What a file is read as is decided by its content first: a PDF is a
PDF under any name. The name is there for messages and for what content alone does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from corpus.errors import DocumentError
from corpus.readers.encoding import decode
from corpus.readers.markdown import read_markdown
from corpus.readers.mhtml import is_archive, read_archive
from corpus.readers.pdf import read_pdf
from corpus.readers.text import read_text
from corpus.readers.web import read_page
from corpus.readers.word import read_word
from corpus.records import Reading

Reader = Callable[[bytes, str], Reading]

READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_page,
    ".htm": read_page,
    ".xhtml": read_page,
    ".mhtml": read_archive,
    ".mht": read_archive,
    ".pdf": read_pdf,
    ".docx": read_word,
}

_TEXT = (".txt", ".md", ".markdown")
_AS_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SAVE = "save it as .docx or .pdf"
# How files of other kinds begin, what they are, and what to do.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "an old Office file, or one protected by a password", _SAVE),
    (b"{\\rtf", "a rich text file", _SAVE),
    (b"\x89PNG", "a picture", "add its text"),
    (b"\xff\xd8\xff", "a picture", "add its text"),
    (b"GIF8", "a picture", "add its text"),
    (b"\x1f\x8b", "a packed file", "unpack it"),
    (b"7z\xbc\xaf", "a packed file", "unpack it"),
    (b"Rar!", "a packed file", "unpack it"),
    (b"\x7fELF", "a program", "add a text"),
    (b"MZ\x90", "a program", "add a text"),
    (b"%!PS", "a PostScript file", "save it as .pdf"),
)


def read_bytes(data: bytes, name: str) -> Reading:
    """Read a file by its format; raises DocumentError, naming file and mend."""
    return READERS[suffix_for(data, name)](data, name)


def suffix_for(data: bytes, name: str) -> str:
    """Return the suffix of the format that a file is in; raises DocumentError for one not read."""
    suffix = PurePosixPath(name).suffix.lower()
    if b"%PDF-" in data[:1024]:
        return ".pdf"
    if data.startswith(b"PK\x03\x04"):
        if b"word/" in data:
            return ".docx"
        office = b"xl/" in data or b"ppt/" in data
        kind, mend = ("a table or slides", _SAVE) if office else ("a packed file", "unpack it")
        raise DocumentError(f"{name}: {kind}, which Casebook does not read; {mend}")
    for start, kind, mend in _OTHERS:
        if data.startswith(start):
            raise DocumentError(f"{name}: {kind}, which Casebook does not read; {mend}")
    if suffix in (".mhtml", ".mht") or is_archive(data):
        return ".mhtml"
    if _AS_PAGE.match(data[:2000].lstrip(b"\xef\xbb\xbf")):
        return ".html"
    if suffix == ".pdf" and data.strip():
        raise DocumentError(f"{name}: not a PDF; get it again, or name it after what it is")
    if suffix == ".docx" and data.strip():
        raise DocumentError(f"{name}: not a Word file; save it as .docx again")
    if suffix in (".html", ".htm", ".xhtml"):
        return ".html"
    if suffix not in _TEXT:
        try:
            decode(data, name)
        except DocumentError as error:
            raise DocumentError(f"{error}, or, if it is no text, as .docx or .pdf") from error
        return ".txt"
    return suffix
