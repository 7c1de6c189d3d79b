"""What a page says of itself: title, day of publication, source, address.

A day comes from metadata, from `time`, from a labelled line or from the address, never from prose.
The title is a heading that the page's own name for itself contains, which no menu's heading is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from corpus.readers.pieces import clean
from corpus.readers.web.article import COMMENTS, RELATED, Article
from corpus.readers.web.dates import (
    find_alone,
    find_date,
    find_in_address,
    find_labelled,
    read_stamp,
)
from corpus.readers.web.lexicon import find_opening, fold
from corpus.readers.web.parts import Part, ends_as_sentence

if TYPE_CHECKING:
    from corpus.readers.web.tree import Element

_DATES = (
    "article:published_time", "og:published_time", "og:article:published_time", "datepublished",
    "date", "pubdate", "publishdate", "publish_date", "publish-date", "publication_date",
    "publicationdate", "published_time", "releasedate", "dc.date", "dc.date.issued",
    "dcterms.created", "dcterms.date", "dcterms.issued", "dc.date.created", "sailthru.date",
    "parsely-pub-date", "citation_publication_date", "citation_date", "article:create_at",
    "weibo:article:create_at", "bt:pubdate", "cxenseparse:recs:publishtime",
)  # fmt: skip
_SITES = ("og:site_name", "sitename", "application-name", "dc.publisher", "dcterms.publisher")
_SOURCES = ("source", "contentsource", "og:source")
_PARTING = re.compile(
    r"(?<!\s)\s++[|｜\-–—·•»:]++\s++|[|｜»]|_++|(?<=[\u2e80-\uffef])[-－](?=[\u2e80-\uffef])"
)
_NEXT = re.compile(r"\s\S{2,12}[:：]|\s\d{4}[-年/]")  # where the next fact begins
_COLUMN = re.compile(r"【[^【】]{1,10}】\s*")
_NO_LETTER = re.compile(r"[\W_]+")
_DATA = 2**20  # characters of structured data that are read
_NEAR = 12  # parts below the title in which its day is looked for
_FAR = 40  # lines of facts elsewhere, from the first and from the last, that are looked at
_TITLE = 200  # columns of the longest title
_LINE = 300  # letters of the longest line of facts
_TYPES = ("article", "posting", "report", "webpage", "creativework")


class Metadata:
    """What the head of a page says."""

    def __init__(self, tree: Element) -> None:
        """Read metadata, structured data and links."""
        self._values: dict[str, str] = {}
        for meta in tree.iter("meta"):
            value = clean(meta.get("content") or "").replace("\n", " ")
            for key in ("property", "name", "itemprop", "http-equiv"):
                name = (meta.get(key) or "").strip().lower()
                if name and value:
                    self._values.setdefault(name, value[:1000])
        self.data = list(_read_data(tree))
        found = tree.find(".//title")
        self.name = clean("".join(found.itertext()) if found is not None else "").replace("\n", " ")
        self.language = (tree.get("lang") or tree.get("xml:lang") or "").strip()[:20]
        links = [e.get("href") or "" for e in tree.iter("link") if e.get("rel") == "canonical"]
        addresses = [*links, self.first("og:url")]
        good = [a for a in addresses if a.startswith(("https://", "http://")) and " " not in a]
        self.address = good[0] if good else ""

    def first(self, *names: str) -> str:
        """Return the first of these values that is there, else nothing."""
        return next((self._values[name] for name in names if name in self._values), "")

    def say(self, key: str) -> str:
        """Return the first value of a key in the structured data on an article."""
        for one in self.data:
            value = one.get(key)
            value = value.get("name") if isinstance(value, dict) else value
            if isinstance(value, str) and value.strip():
                return clean(value).replace("\n", " ")[:1000]
        return ""

    @property
    def titles(self) -> list[str]:
        """What the page calls itself, the surest first."""
        given = (self.first("og:title"), self.say("headline"), self.name)
        return [title[:500] for title in dict.fromkeys(given) if title]

    @property
    def site(self) -> str:
        """The site's name, empty where the page does not say."""
        return self.first(*_SITES) or self.say("publisher")


def _read_data(tree: Element) -> Iterator[dict[str, Any]]:
    """Yield what structured data (JSON-LD) says of articles."""
    read = 0
    for script in tree.iter("script"):
        words = script.text or ""
        read += len(words)
        if (script.get("type") or "").lower() != "application/ld+json" or read > _DATA:
            continue
        try:
            waiting = [json.loads(words, strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            one = waiting.pop()
            if isinstance(one, list):
                waiting.extend(one)
            elif isinstance(one, dict):
                waiting.append(one.get("@graph"))
                kind = str(one.get("@type", "")).lower()
                if any(name in kind for name in _TYPES):
                    yield one


def find_title(metadata: Metadata, parts: Sequence[Part]) -> int:
    """Return the number of the part that is the page's title, -1 where none can be told."""
    site = _bare(metadata.site)
    for title in metadata.titles:
        pieces = [_bare(piece) for piece in (title, *_PARTING.split(title))]
        best, most = -1, 0
        for number, part in enumerate(parts):
            words = "" if part.row or part.text.startswith("- ") else _bare(part.text[:_TITLE])
            if len(words) < 2 or words == site or len(part.text) > _TITLE:
                continue
            heading = part.kind == "heading"
            fits = words in pieces or (
                heading and any(words in piece and 3 * len(words) >= len(piece) for piece in pieces)
            )
            linked = part.linked >= part.letters and not heading
            value = 2 * len(words) + heading - 3 * linked
            if fits and value > most:
                best, most = number, value
        if best >= 0:
            return best
    return -1


def name_page(metadata: Metadata, parts: Sequence[Part], article: Article, title: int) -> str:
    """Return the page's title, empty where it has none."""
    if title >= 0:
        words = parts[title].text.replace("\n", " ")
        below = parts[title + 1].text if title + 1 < len(parts) else ""
        for piece in _PARTING.split(" | ".join(metadata.titles)):
            if below and _bare(piece) == _bare(words + below):
                words = piece.strip()  # its second line is a part of its own
        return _COLUMN.sub("", words, count=1) or words
    kept = zip(parts, article.names, strict=True)
    headings = [part for part, name in kept if not name and part.kind == "heading"]
    own = _cut_site(metadata)
    first = headings[0] if headings else None
    if first is not None and first is not parts[article.first] and first.element.tag != "h1":
        first = None  # what stands below other text is no title of it
    generic = len(_bare(own)) < 2 or _bare(own) == _bare(metadata.site)
    if first is not None and (generic or _bare(first.text) not in _bare(metadata.name)):
        return first.text.replace("\n", " ")
    return own or (headings[0].text if headings else "")


def _cut_site(metadata: Metadata) -> str:
    """Return the page's own name for itself without the site's."""
    title = next(iter(metadata.titles), "")
    site = _bare(metadata.site)
    pieces = [piece.strip() for piece in _PARTING.split(title) if piece and piece.strip()]
    kept = [piece for piece in pieces if not site or _bare(piece) != site]
    if not kept:
        return title
    own = max(kept[:2], key=len) if site and _bare(pieces[0]) == site else kept[0]
    return _COLUMN.sub("", own, count=1) or own


def find_day(metadata: Metadata, parts: Sequence[Part], article: Article, title: int) -> str:
    """Return the day of publication as YYYY-MM-DD, empty where the page does not say."""
    said = read_stamp(metadata.say("datePublished"))
    if said:
        return said
    language = metadata.language
    for name in _DATES:
        value = metadata.first(name)
        found = value and (read_stamp(value) or find_date(value, language))
        if found:
            return found
    lines = _list_lines(parts, article, title)
    for kind in ("published", "source", "bylines"):
        for _, line in lines:
            if found := find_labelled(line, kind, language):
                return found
    for part in _list_near(parts, article, title):
        for time in part.element.iter("time"):
            found = read_stamp(time.get("datetime") or "")
            if found:
                return found
    for near, line in lines:
        if near and (found := find_alone(line, language)):
            return found
    for _, line in lines:
        if found := find_labelled(line, "updated", language):
            return found
    said = read_stamp(metadata.say("dateCreated")) or read_stamp(metadata.say("dateModified"))
    return said or find_in_address(metadata.address)


def find_source(metadata: Metadata, parts: Sequence[Part], article: Article, title: int) -> str:
    """Return who a page says the text is from, empty where it does not say."""
    for _, line in _list_lines(parts, article, title):
        pieces = re.split(r"[\u3000|｜]+|\s{2,}", line)
        pieces += [line[found.start() :] for found in re.finditer(r"(?<=\s)\S{2,12}[:：]", line)]
        for piece in pieces:
            words = piece.strip(" []()（）【】")
            length = find_opening(fold(words), "source")
            rest = words[length:].lstrip()
            if length and rest.startswith((":", "：")) and len(rest) < 100:
                source = _NEXT.split(rest[1:].strip(), maxsplit=1)[0].strip()
                if source:
                    return source
    return metadata.first(*_SOURCES) or metadata.site


def _list_near(parts: Sequence[Part], article: Article, title: int) -> list[Part]:
    """Return the parts about the title."""
    start = title if title >= 0 else article.first
    return [
        part for number, part in enumerate(parts)
        if max(start - 3, 0) <= number <= start + _NEAR and _is_own(article.names[number])
    ]  # fmt: skip


def _list_lines(parts: Sequence[Part], article: Article, title: int) -> list[tuple[bool, str]]:
    """Return the lines that may be facts, those about the title first and said to be so."""
    start = title if title >= 0 else article.first
    near: list[tuple[bool, str]] = []
    far: list[tuple[bool, str]] = []
    for number, part in enumerate(parts):
        if part.letters > _LINE or not _is_own(article.names[number]):
            continue
        for line in part.text.split("\n"):
            if ends_as_sentence(line) and len(line) > 60:
                continue
            if start <= number <= start + _NEAR:
                near.append((True, line))
            elif number > start:
                far.append((False, line))
            else:
                far.append((False, line)) if number >= start - 3 else None
    return near + far[:_FAR] + far[_FAR:][-_FAR:]


def _is_own(name: str) -> bool:
    """Tell whether what has this name may speak of the article."""
    return name not in (RELATED, COMMENTS, "menu", "page footer", "side column")


def _bare(text: str) -> str:
    return _NO_LETTER.sub("", fold(text))
