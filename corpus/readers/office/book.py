"""An EPUB book to its chapters in reading order."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urldefrag

from corpus.errors import DocumentError
from corpus.language.dates import read_date
from corpus.readers.markup import list_pieces
from corpus.readers.office.archive import Archive, cut_namespace, find, get
from corpus.readers.pieces import Piece, compose
from corpus.records import Extraction, LeftOut

_KIND = "EPUB book"
_PAGES = ("application/xhtml+xml", "text/html")


def read_book(data: bytes, name: str) -> Extraction:
    """Read an .epub file; raises DocumentError where it is broken, a bomb, protected or empty.

    Title, date and publisher are those that the book says.
    """
    archive = Archive(data, name, _KIND)
    if archive.read("META-INF/encryption.xml") and archive.read("META-INF/rights.xml"):
        raise DocumentError("{name}: a protected book; get it without protection", name=name)
    pieces: list[Piece] = []
    left_out: list[LeftOut] = []
    try:
        package = _find_package(archive)
        root = archive.parse(package)
        if root is None:
            raise ValueError("no package in it")
        folder = posixpath.dirname(package)
        parts = {get(item, "id"): item for item in _children(root, "manifest")}
        for reference in _children(root, "spine"):
            item = parts.get(get(reference, "idref"))
            if item is None or get(item, "media-type") not in _PAGES:
                continue
            place = posixpath.normpath(posixpath.join(folder, unquote(get(item, "href") or "")))
            found, gone = list_pieces(archive.read(urldefrag(place)[0]) or b"")
            if "nav" in (get(item, "properties") or "").split() or get(reference, "linear") == "no":
                words = " ".join(piece.text for piece in found)
                left_out.append(LeftOut("furniture", "table of contents", words))
                continue
            pieces += found
            left_out += gone
        said = {cut_namespace(e.tag): e.text or "" for e in reversed(_children(root, "metadata"))}
    except DocumentError:
        raise
    except Exception as error:  # lxml's, zipfile's, zlib's
        raise archive.refuse(error) from error
    return replace(
        compose(pieces, name, left_out),
        title=" ".join(said.get("title", "").split()),
        source=" ".join(said.get("publisher", "").split()),
        published=read_date(said.get("date", "")),
    )


def _find_package(archive: Archive) -> str:
    root = archive.parse("META-INF/container.xml")
    files = None if root is None else find(root, "rootfiles", "rootfile")
    return "" if files is None else get(files, "full-path") or ""


def _children(root: Any, name: str) -> list[Any]:
    found = find(root, name)
    return [] if found is None else [e for e in found if isinstance(e.tag, str)]
