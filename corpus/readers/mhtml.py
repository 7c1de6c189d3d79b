"""A page saved with all it shows as one file (`.mhtml`): its HTML, as the browser had it."""

from __future__ import annotations

from dataclasses import replace
from email.errors import CloseBoundaryNotFoundDefect
from email.message import Message
from email.parser import BytesParser

from corpus.errors import DocumentError
from corpus.readers.encoding import mark
from corpus.readers.web import read_page
from corpus.records import Extraction, LeftOut

_LARGEST = 64 * 2**20  # bytes, with the pictures
_PAGES = ("text/html", "application/xhtml+xml")


def is_archive(data: bytes) -> bool:
    """Tell whether bytes begin as a saved page does, and not as a letter with attachments."""
    start = data[:4000].lower()
    whole = b"mime-version:" in start and b"multipart/related" in start
    return whole and (b"snapshot-content-location:" in start or b"saved by" in start)


def read_archive(data: bytes, name: str) -> Extraction:
    """Read a saved page; raises DocumentError where it holds none, is broken or too large."""
    if not data.strip():
        raise DocumentError("{name}: the file is empty; save the page again", name=name)
    if len(data) > _LARGEST:
        size, most = len(data) / 2**20, _LARGEST // 2**20
        raise DocumentError(
            "{name}: {size} MiB, and {most} are the most; save its HTML alone",
            name=name,
            size=f"{size:.0f}",
            most=most,
        )
    message = BytesParser().parsebytes(data)
    pages = [part for part in message.walk() if part.get_content_type() in _PAGES]
    if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects):
        raise DocumentError("{name}: breaks off before its end; save the page again", name=name)
    if not pages:
        raise DocumentError("{name}: holds no web page; save it again, as HTML", name=name)
    root = _find_root(message, pages)
    html = root.get_payload(decode=True)
    address = message.get("Snapshot-Content-Location") or root.get("Content-Location") or ""
    address = "".join(str(address).split())
    reading = read_page(
        mark(html if isinstance(html, bytes) else b"", root.get_content_charset("") or ""),
        name,
        address if address.startswith(("https://", "http://")) else "",
    )
    frames = [LeftOut("not supported", "frame") for page in pages if page is not root]
    return replace(reading, left_out=(*reading.left_out, *frames))


def _find_root(message: Message, pages: list[Message]) -> Message:
    start = str(message.get_param("start") or "")
    return next((page for page in pages if start and page.get("Content-ID") == start), pages[0])
