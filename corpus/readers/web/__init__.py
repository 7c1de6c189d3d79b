"""Web pages: what a reader sees of one, without the site around it, and its facts."""

from __future__ import annotations

import re
from dataclasses import replace

from corpus.errors import DocumentError
from corpus.readers.encoding import BAD, decode, decode_as, decode_faulty
from corpus.readers.pieces import Piece, compose
from corpus.readers.web.article import Article
from corpus.readers.web.facts import Metadata, find_day, find_source, find_title, name_page
from corpus.readers.web.parts import Part
from corpus.readers.web.refusals import refuse_empty
from corpus.readers.web.tree import parse
from corpus.readers.web.walk import list_parts
from corpus.records import Extraction, LeftOut

_LARGEST = 16 * 2**20  # bytes; pages of real articles have below 2 MiB
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w-]{2,20})", re.IGNORECASE)


def read_page(data: bytes, name: str, address: str = "") -> Extraction:
    """Read an HTML page; raises DocumentError where it is no text, too large or has no words.

    A table's row is a line with ` | ` between its cells. Menus, comments and what else belongs to
    the site, forms and hidden words are in `left_out`. Title, date, source and address come from
    the page; `address` is where it is known to be from.
    """
    if len(data) > _LARGEST:
        size = f"{len(data) / 2**20:.0f} MiB"
        most = _LARGEST // 2**20
        raise DocumentError(
            "{name}: {size} of HTML, and {most} are the most; split it",
            name=name,
            size=size,
            most=most,
        )
    tree = parse(_decode(data, name), name)
    metadata = Metadata(tree)
    metadata.address = metadata.address or address
    parts, left_out = list_parts(tree)
    body = tree.find("body")
    if body is None or not parts:
        refuse_empty(tree, metadata.name, [], name)
        return compose([], name)
    title = find_title(metadata, parts)
    article = Article(body, parts, title)
    kept = [part for part, named in zip(parts, article.names, strict=True) if not named]
    refuse_empty(tree, metadata.name, kept, name)
    pieces = [
        Piece("heading" if number == title else part.kind, part.text)
        for number, (part, named) in enumerate(zip(parts, article.names, strict=True))
        if not named
    ]
    bad = sum(piece.text.count(BAD) for piece in pieces)
    left_out += [LeftOut("unreadable", "sign")] * bad
    return replace(
        compose(pieces, name, (*_list_furniture(parts, article.names), *left_out)),
        title=name_page(metadata, parts, article, title),
        source=find_source(metadata, parts, article, title),
        published=find_day(metadata, parts, article, title),
        url=metadata.address,
    )


def _list_furniture(parts: list[Part], names: list[str]) -> list[LeftOut]:
    """Return what was left out of a page, neighbours of one kind together."""
    found: list[tuple[str, list[str]]] = []
    before = ""
    for part, name in zip(parts, names, strict=True):
        if name and name == before:
            found[-1][1].append(part.text)
        elif name:
            found.append((name, [part.text]))
        before = name
    return [LeftOut("furniture", name, "\n".join(texts)) for name, texts in found]


def _decode(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:4000])
    text = decode_as(data, declared[1].decode("ascii")) if declared else None
    if text is not None:
        return text
    try:
        return decode(data, name)
    except DocumentError:
        if (text := decode_faulty(data)) is None:
            raise
        return text
