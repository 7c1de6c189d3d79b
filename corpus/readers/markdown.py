"""Markdown to what a reader of the page sees: no marks, images as captions, links as words.

Quotations are the words of the page, so the text is the rendered one and not the file's own. HTML
in it is part of the page. Notes are numbered as they come and stay where they stand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from corpus.language.dates import read_date
from corpus.readers.encoding import decode
from corpus.readers.markup import list_pieces
from corpus.readers.pieces import compose
from corpus.records import Extraction

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

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
_MARK = re.compile(r"\[\^([^\]\s]{1,80})\]")  # of a note
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,80})\]:[ \t]*+")
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
    parser.block.ruler.before("reference", "note", _read_note, {"alt": ["paragraph"]})
    parser.inline.ruler.before("link", "mark", _read_mark)
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


def _read_note(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    """Take the lines of a note (`[^1]: words`) as a paragraph; a rule of markdown-it."""
    found = _match_note(state, line)
    if found is None:
        return False
    if silent:
        return True
    end = line + 1
    while end < last and not state.isEmpty(end) and _match_note(state, end) is None:
        end += 1
    state.env.setdefault("notes", {}).setdefault(found[1], 0)
    state.push("paragraph_open", "p", 1).map = [line, end]
    words = state.push("inline", "", 0)
    lines = [state.getLines(number, number + 1, 80, False) for number in range(line, end)]
    words.content = "\n".join(each.strip() for each in lines)
    words.children = []
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True


def _match_note(state: StateBlock, line: int) -> re.Match[str] | None:
    if state.is_code_block(line):
        return None
    return _NOTE.match(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])


def _read_mark(state: StateInline, silent: bool) -> bool:
    """Take the mark of a note that there is (`[^1]`) as raised; a rule of markdown-it."""
    found = _MARK.match(state.src, state.pos)
    notes: dict[str, int] = state.env.get("notes", {})
    if found is None or found[1] not in notes:
        return False
    own = _NOTE.match(state.src) if state.pos == 0 else None
    if not silent:
        if not notes[found[1]]:
            state.env["marked"] = notes[found[1]] = state.env.get("marked", 0) + 1
        apart = " " if state.src[max(state.pos - 1, 0)] == "]" else ""
        mark = state.push("html_inline", "", 0)
        mark.content = f"{apart}<sup>{notes[found[1]]}</sup>{' ' if own else ''}"
    state.pos = (own or found).end()
    return True
