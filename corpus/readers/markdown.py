"""Markdown to what a reader of the page sees: no marks, images as captions, links as words.

Quotations are the words of the page, so the text is the rendered one and not the file's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.layout.captions import is_caption
from corpus.readers.encoding import decode
from corpus.readers.pieces import Piece, compose
from corpus.records import BlockKind, Reading

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FACT = re.compile(r"^([A-Za-z]+)[ \t]*+:[ \t]*+(.+)$", re.MULTILINE)
_FIELDS = {
    "title": "title",
    "date": "published",
    "published": "published",
    "source": "source",
    "company": "company",
    "url": "url",
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRONT_WITHIN = 10_000  # characters in which front matter ends


def read_markdown(data: bytes, name: str) -> Reading:
    """Read a Markdown file; raises DocumentError where it is no text or has none.

    Front matter between two lines of `---` gives title, date, source, company and url.
    """
    from markdown_it import MarkdownIt

    text = decode(data, name)
    facts: dict[str, str] = {}
    front = _FRONT.match(text[:_FRONT_WITHIN])
    if front:
        text = text[front.end() :]
        for key, value in _FACT.findall(front[1]):
            if key.lower() in _FIELDS:
                facts[_FIELDS[key.lower()]] = value.strip(" \t").strip("\"'")
    if not _DATE.fullmatch(facts.get("published", "")):
        facts.pop("published", None)
    if not facts.get("url", "").startswith(("http://", "https://")):
        facts.pop("url", None)
    pieces = list(_list_pieces(MarkdownIt("commonmark").enable("table"), text))
    first = next((piece.text for piece in pieces if piece.kind == "heading"), "")
    return replace(
        compose(pieces, name),
        title=facts.get("title") or first,
        source=facts.get("source", ""),
        published=facts.get("published", ""),
        company=facts.get("company", ""),
        url=facts.get("url", ""),
    )


def _list_pieces(parser: object, text: str) -> Iterator[Piece]:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    assert isinstance(parser, MarkdownIt)  # noqa: S101 - for the type alone
    heading = False
    bullets: list[str] = []
    marker = ""
    row: list[str] | None = None
    for token in parser.parse(text):
        if token.type == "heading_open":
            heading = True
        elif token.type == "heading_close":
            heading = False
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            bullets.append("1" if token.type.startswith("ordered") else "-")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            bullets.pop()
        elif token.type == "list_item_open" and bullets:
            marker = f"{token.info}. " if bullets[-1] == "1" and token.info else "- "
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            yield Piece("paragraph", " | ".join(row))
            row = None
        elif token.type in ("fence", "code_block"):
            yield Piece("paragraph", token.content)
        elif token.type == "inline":
            children: list[Token] = token.children or []
            images = [child.content for child in children if child.type == "image"]
            words = "".join(_words_of(child) for child in children).strip()
            if row is not None:
                row.append(" ".join(words.split()))
                continue
            if words:
                kind: BlockKind = "heading" if heading else "paragraph"
                if not heading and is_caption(words):
                    kind = "caption"
                yield Piece(kind, marker + words)
                marker = ""
            for image in images:
                yield Piece("caption", image)


def _words_of(token: object) -> str:
    kind = getattr(token, "type", "")
    if kind in ("softbreak", "hardbreak"):
        return "\n"
    return str(getattr(token, "content", "")) if kind in ("text", "code_inline") else ""
