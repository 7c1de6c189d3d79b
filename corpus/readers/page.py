"""A web page to its article: what a reader sees of it, without the site around it.

The structure is the page's own; what of it is the article, trafilatura judges. Where it finds next
to nothing, as on pages of a few lines, all of it is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from corpus.errors import DocumentError
from corpus.layout.captions import is_caption
from corpus.readers.encoding import decode, decode_as
from corpus.readers.pieces import Piece, clean, compose
from corpus.readers.portal import find_facts
from corpus.records import BlockKind, Reading

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_LARGEST = 16 * 2**20  # bytes; pages of real articles have below 2 MiB
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w-]{2,20})", re.IGNORECASE)
_UNSEEN = (
    *("script", "style", "noscript", "template", "iframe", "object", "embed", "applet", "svg"),
    *("math", "canvas", "audio", "video", "form", "button", "select", "textarea", "input"),
    "dialog",
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d])|font-size\s*:\s*0(?![.\d])"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("ins", "kbd", "label", "mark", "q", "ruby", "rb", "rp", "rt", "s", "samp", "small"),
        *("span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img"),
    )
)
_JUDGED = 2 * 2**20  # characters up to which an article is looked for: 5 MiB took 10 s
_LITTLE = 0.25  # share of a page's words below which trafilatura's article is not trusted ...
_SHORT = 600  # ... where the article has fewer characters than this
_NO_FACTS = {"title": "", "published": "", "source": "", "url": ""}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_page(data: bytes, name: str) -> Reading:
    """Read an HTML page; raises DocumentError where it is no text, too large or has no words.

    Scripts, styles, forms, hidden text and comments do not enter. A table's row is a line with
    ` | ` between its cells. Title, date, source and address come from the page; a line of the
    portal's date and source wins.
    """
    if len(data) > _LARGEST:
        size = f"{len(data) / 2**20:.0f} MiB"
        most = _LARGEST // 2**20
        raise DocumentError(f"{name}: {size} of HTML, and {most} are the most; split it")
    tree = _parse(_decode(data, name), name)
    _drop_unseen(tree)
    pieces = list(_list_pieces(tree))
    whole = sum(len(piece.text) for piece in pieces)
    facts, article = _judge(tree) if whole <= _JUDGED else (dict(_NO_FACTS), "")
    chosen = _choose(pieces, article) or pieces
    published, source = find_facts([clean(piece.text) for piece in pieces]) or ("", "")
    first = next((clean(piece.text) for piece in chosen if piece.kind == "heading"), "")
    return replace(
        compose(chosen, name),
        title=first or facts["title"],
        source=source or facts["source"],
        published=published or facts["published"],
        url=facts["url"],
    )


def _decode(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:4000])
    text = decode_as(data, declared[1].decode("ascii")) if declared else None
    return decode(data, name) if text is None else text


def _parse(text: str, name: str) -> HtmlElement:
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError(f"{name}: no text in it; save the page again") from error
    return tree


def _drop_unseen(tree: HtmlElement) -> None:
    """Take out what a reader does not see, the words behind it kept."""
    gone = []
    for element in tree.iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        style, hidden = element.get("style") or "", element.get("hidden") is not None
        if tag in _UNSEEN or hidden or _HIDDEN.search(style):
            gone.append(element)
    for element in gone:
        if element.getparent() is not None and element.tag not in ("html", "body"):
            element.drop_tree()


def _list_pieces(tree: HtmlElement) -> Iterator[Piece]:
    """Yield the blocks of a page in order, those around the main part too."""
    words: list[str] = []
    state: dict[str, Any] = {"kind": "paragraph", "marker": "", "depth": 0}
    body = tree.find("body")
    if body is None:
        return
    row: list[str] | None = None

    def flush() -> Iterator[Piece]:
        text = clean("".join(words))
        words.clear()
        if row is not None:
            if text:
                row.append(text.replace("\n", " "))
            return
        if text:
            kind: BlockKind = state["kind"]
            if kind == "paragraph" and is_caption(text):
                kind = "caption"
            yield Piece(kind, state["marker"] + text)
            state["marker"] = ""

    from lxml import etree

    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        inline = tag in _INLINE
        if event == "start":
            if not inline and tag != "br":
                yield from flush()
            if tag in _HEADINGS:
                state["kind"] = "heading"
            elif tag == "figcaption" or tag == "caption":
                state["kind"] = "caption"
            elif tag == "li":
                state["marker"] = "- "
            elif tag == "tr":
                row = []
            elif tag == "br":
                words.append("\n")
            words.append(_flat(element.text))
            continue
        if not inline and tag != "br":
            yield from flush()
        if tag in _HEADINGS or tag in ("figcaption", "caption"):
            state["kind"] = "paragraph"
        elif tag == "li":
            state["marker"] = ""
        elif tag == "tr" and row is not None:
            line, row = " | ".join(row), None
            if line:
                yield Piece("paragraph", line)
        words.append(_flat(element.tail))
    row = None
    yield from flush()


def _flat(text: str | None) -> str:
    """Return a text node as a browser shows it: line breaks of the file are blanks."""
    return re.sub(r"\s+", " ", text) if text else ""


def _judge(tree: HtmlElement) -> tuple[dict[str, str], str]:
    """Return what trafilatura finds: facts, and the article's words without white space."""
    import logging
    from copy import deepcopy

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    logging.getLogger("htmldate").setLevel(logging.CRITICAL)
    facts = dict(_NO_FACTS)
    try:
        found: Any = trafilatura.bare_extraction(
            deepcopy(tree), include_tables=True, include_comments=False, favor_recall=True,
            with_metadata=True, output_format="python",
        )  # fmt: skip
    except Exception:  # noqa: BLE001 - a page that it cannot take is taken whole
        found = None
    if found is None:
        return facts, ""
    facts["title"] = clean(found.title or "").replace("\n", " ")
    facts["source"] = clean(found.sitename or "").replace("\n", " ")
    facts["published"] = found.date if _DATE.fullmatch(found.date or "") else ""
    address = found.url or ""
    facts["url"] = address if address.startswith(("http://", "https://")) else ""
    return facts, _bare(" ".join(found.body.itertext()) if found.body is not None else found.text)


def _choose(pieces: list[Piece], article: str) -> list[Piece]:
    """Return the pieces that stand in the article; none where it is too little to be trusted."""
    bare = [_bare(piece.text.removeprefix("- ")) for piece in pieces]
    if len(article) < _SHORT and len(article) < (1 - _LITTLE) * sum(map(len, bare)):
        return []
    found: list[int] = []
    place, title = 0, -1
    for number, (piece, words) in enumerate(zip(pieces, bare, strict=True)):
        at = article.find(words, place)
        if at < 0:
            at = article.find(words)
        if at >= 0:
            found.append(number)
            place = at
        elif piece.kind == "heading" and not found:
            title = number  # the last heading above the article is its title
    if not found:
        return []
    chosen = {*found, *([title] if title >= 0 else [])}
    inside = range(found[0], found[-1] + 1)
    chosen |= {number for number in inside if pieces[number].kind in ("caption", "heading")}
    return [piece for number, piece in enumerate(pieces) if number in chosen]


def _bare(text: str | None) -> str:
    return re.sub(r"[\s|]+", "", text or "")
