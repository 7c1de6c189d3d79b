"""HTML to a tree of elements, as lxml has it; no other file here knows the library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from corpus.errors import DocumentError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    Element: TypeAlias = HtmlElement


def parse(text: str, name: str) -> Element:
    """Return the tree of a page; raises DocumentError where it is none or is nested too deeply."""
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise DocumentError("{name}: no text in it; save the page again", name=name) from error
    if any("depth" in entry.message for entry in parser.error_log.filter_from_fatals()):
        raise DocumentError(
            "{name}: its elements are nested too deeply to be read whole; save it as text",
            name=name,
        )
    return tree


def list_events(element: Element) -> Iterator[tuple[str, Element]]:
    """Yield `start` and `end` of an element and of all inside it, in order."""
    from lxml import etree

    yield from etree.iterwalk(element, events=("start", "end"))
