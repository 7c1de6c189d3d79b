"""Markdown to what a reader of the page sees: no marks, images as captions, links as words.

Quotations are the words of the page, so the text is the rendered one and not the file's own. HTML
in it is part of the page.
"""

from __future__ import annotations

import re
from dataclasses import replace

from corpus.language.dates import read_date
from corpus.readers.encoding import decode
from corpus.readers.markup import list_pieces
from corpus.readers.pieces import compose
from corpus.records import Extraction

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
_UNSEEN = re.compile(r"^[\u200b\u2060\ufeff]+", re.MULTILINE)  # before a mark that opens a line
_FRONT_WITHIN = 10_000  # characters in which front matter ends


def read_markdown(data: bytes, name: str) -> Extraction:
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
    if not facts.get("url", "").startswith(("http://", "https://")):
        facts.pop("url", None)
    text = _UNSEEN.sub("", text)
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    pieces, left_out = list_pieces(parser.render(text))
    first = next((piece.text for piece in pieces if piece.kind == "heading"), "")
    return replace(
        compose(pieces, name, left_out),
        title=facts.get("title") or " ".join(first.split()),
        source=facts.get("source", ""),
        published=read_date(facts.get("published", "")),
        company=facts.get("company", ""),
        url=facts.get("url", ""),
    )
