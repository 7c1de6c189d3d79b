"""One file per format, each with a function from a file's bytes and name to an Extraction.

`READERS` maps a suffix, lower case with its dot, to the reader of that format; a file whose suffix
is not in it is not a document. What a file is read as is decided by its content first: a PDF is a
PDF under any name. The name is there for messages and for what content alone does not tell.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath

from corpus.errors import DocumentError, Message, NoDocumentError
from corpus.lexicons import read_lexicon
from corpus.readers.encoding import decode
from corpus.readers.markdown import read_markdown
from corpus.readers.mhtml import is_archive, read_archive
from corpus.readers.office.book import read_book
from corpus.readers.office.sheets import read_sheets
from corpus.readers.office.slides import read_slides
from corpus.readers.office.word import read_word
from corpus.readers.pdf import read_pdf
from corpus.readers.text import read_text
from corpus.readers.web import read_page
from corpus.records import Extraction

Reader = Callable[[bytes, str], Extraction]

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
    ".docm": read_word,
    ".dotx": read_word,
    ".pptx": read_slides,
    ".xlsx": read_sheets,
    ".epub": read_book,
}

_TEXT = (".txt", ".md", ".markdown")
_AS_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SAVE = "save it as .docx or .pdf"
_PARTS = 50_000  # of an archive; office files have dozens, and a million take a gigabyte
_MAGIC = b"PK\x03\x04"  # of the archives that office files are
# The folder of an archive that tells its format, and the format.
_ROOMS = {"word/": ".docx", "ppt/": ".pptx", "xl/": ".xlsx"}
# Formats whose bytes are no text.
_KINDS = {
    ".pdf": "a PDF",
    **dict.fromkeys((".docx", ".docm", ".dotx"), "a Word file"),
    ".pptx": "a PowerPoint file",
    ".xlsx": "an Excel file",
    ".epub": "an EPUB book",
}
PACKED = (*_KINDS, ".mhtml")
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


def read_bytes(data: bytes, name: str) -> Extraction:
    """Read a file by its format; raises DocumentError with the file and how to mend it."""
    return READERS[suffix_for(data, name)](data, name)


def suffix_for(data: bytes, name: str) -> str:
    """Return the suffix of the format that a file is in.

    Raises DocumentError for one that is not read, and NoDocumentError for one that is no document.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if b"%PDF-" in data[:1024]:
        return ".pdf"
    if data.startswith(_MAGIC):
        return _look_into(data, name)
    for start, kind, mend in _OTHERS:
        if data.startswith(start):
            raise DocumentError(
                "{name}: {kind}, which Casebook does not read; {mend}",
                name=name,
                kind=Message(kind),
                mend=Message(mend),
            )
    if suffix in (".mhtml", ".mht") or is_archive(data):
        return ".mhtml"
    if _AS_PAGE.match(data[:2000].lstrip(b"\xef\xbb\xbf")):
        return ".html"
    if kind := name_other(name):
        raise NoDocumentError(
            "{name}: {kind}, which is no document; add the text it is about",
            name=name,
            kind=Message(kind),
        )
    if suffix in PACKED and data.strip():
        mend = "get it again, or name it after what it is"
        raise DocumentError(
            "{name}: not {kind}; {mend}",
            name=name,
            kind=Message(_KINDS[suffix]),
            mend=Message(mend),
        )
    if suffix in (".html", ".htm", ".xhtml"):
        return ".html"
    if suffix not in _TEXT:
        try:
            decode(data, name)
        except DocumentError as error:
            raise DocumentError(
                "{error}, or, if it is no text, as .docx or .pdf", error=error
            ) from error
        return ".txt"
    return suffix


def name_other(name: str) -> str:
    """Return what a file is by its name, where that is no document (`source code`), or nothing."""
    file = PurePosixPath(name).name.lower()
    if file.startswith("~$"):
        return "the lock of a file that is open"
    suffix = PurePosixPath(file).suffix[1:]
    return next((kind for kind, all_ in read_lexicon("other_files").items() if suffix in all_), "")


def _look_into(data: bytes, name: str) -> str:
    """Return the suffix of the format that an archive is; raises DocumentError for another."""
    if data.count(b"PK\x01\x02") > _PARTS:  # how the entry of a part begins in the directory
        raise DocumentError(
            "{name}: an archive of more than {most} parts; unpack it", name=name, most=_PARTS
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [part.replace("\\", "/") for part in archive.namelist()]
            kind = archive.open("mimetype").read(100) if "mimetype" in parts else b""
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError):
        parts, kind = [], b""
    if "META-INF/container.xml" in parts:
        return ".epub"
    for room, suffix in _ROOMS.items():
        if any(part.lower().startswith(room) for part in parts):
            return suffix
    suffix = PurePosixPath(name).suffix.lower()
    if not parts and suffix in PACKED:
        return suffix  # broken: its reader says so
    if b"opendocument" in kind:
        raise DocumentError(
            "{name}: an OpenDocument file, which Casebook does not read; {save}",
            name=name,
            save=Message(_SAVE),
        )
    raise DocumentError("{name}: a packed file, which Casebook does not read; unpack it", name=name)
