"""Which paragraphs of a Word file are its headings, where no style says so.

Many files have none but bold or large paragraphs, or numbered ones; and a bold beginning of a
paragraph may be the heading of what it says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from corpus.language.captions import is_caption
from corpus.language.sentences import begins_sentence
from corpus.readers.office.styles import Look
from corpus.readers.pieces import Piece
from corpus.readers.text import has_heading_form, is_prose
from corpus.records import BlockKind

_HEADING = re.compile(r"(?:heading|title|subtitle|标题|副标题)\b.*|标题\s*\d", re.IGNORECASE)
_CAPTION = re.compile(r"caption|题注", re.IGNORECASE)
_LIST = re.compile(r"list|列表|列出", re.IGNORECASE)
_CONTENTS = re.compile(r"toc\s*\d|目录\s*\d", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\d{1,2}(?:\.\d{1,2}){0,3}[.)]?\s|\d{1,2}(?:\.\d{1,2}){0,3}[.、．]?(?=[\u3400-\u9fff])"
    r"|[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十]{1,3}[)）]"
    r"|第[一二三四五六七八九十\d]{1,3}[章节篇]|[IVX]{1,5}\.\s"
)
_USUAL = 20  # half points, where nothing says a size
_LARGE = 1.25  # times the size of most words
_MOST_STRONG = 0.5  # share of a file's words in strong paragraphs beyond which these say nothing
_BETWEEN = " \t\n\u3000:：.。—–-"  # what stands between a heading and its sentence,
_APART = ("\n", "\t", "\u3000", ":", "：", "—", "–", "  ")  # and what of it tells that it does
_LONGEST_LEAD = 80  # characters of a heading that stands at the beginning of its paragraph


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph or a row on its way to a piece.

    `strong` tells that all of it is bold, `lead` how many of its first characters are; `size` is in
    half points. `listed` is an item of a list, `row` a table's; `loose` does not belong to the cell
    or paragraph that it was found in.
    """

    kind: BlockKind | None
    words: str
    strong: bool = False
    lead: int = 0
    size: int = 0
    listed: bool = False
    row: bool = False
    loose: bool = False
    furniture: bool = False

    @classmethod
    def make(cls, words: str, look: Look, strong: bool, lead: int, size: int) -> Paragraph:
        """Return the draft of a paragraph; its kind is None where its style does not tell it."""
        kind: BlockKind | None = None
        if _HEADING.match(look.name) or look.level < 9:
            kind = "heading"
        elif _CAPTION.search(look.name) or is_caption(words.strip()):
            kind = "caption"
        listed = look.listed or _LIST.search(look.name) is not None
        contents = _CONTENTS.match(look.name) is not None
        return cls(kind, words, strong, lead, size, listed, furniture=contents)

    @property
    def piece(self) -> Piece:
        """The piece that it is."""
        if self.furniture:
            return Piece("furniture", self.words)
        listed = self.listed and self.kind == "paragraph" and self.words.strip()
        return Piece(self.kind or "paragraph", f"- {self.words.strip()}" if listed else self.words)


def find_headings(drafts: Iterable[Paragraph]) -> list[Paragraph]:
    """Return drafts of which each has its kind, a heading before its sentence parted from it."""
    every = [draft for draft in drafts if draft.words.strip()]
    sizes: Counter[int] = Counter()
    for draft in every:
        sizes[draft.size] += len(draft.words)
    usual = max(sizes, key=lambda size: sizes[size], default=0) or _USUAL
    strong = [_is_strong(draft, usual) for draft in every]
    open_ones = [draft for draft in every if draft.kind is None and not draft.row]
    whole = sum(len(draft.words) for draft in open_ones)
    said = sum(len(d.words) for d, s in zip(every, strong, strict=True) if s and d in open_ones)
    telling = said <= _MOST_STRONG * whole
    found: list[Paragraph] = []
    for number, draft in enumerate(every):
        if draft.kind is not None or draft.row or draft.furniture:
            found.append(draft)
            continue
        below = every[number + 1] if number + 1 < len(every) else None
        if telling and _is_heading(draft, strong[number], below):
            found.append(replace(draft, kind="heading"))
        else:
            found += _part(replace(draft, kind="paragraph")) if telling else [_plain(draft)]
    return found


def _plain(draft: Paragraph) -> Paragraph:
    return replace(draft, kind="paragraph")


def _is_strong(draft: Paragraph, usual: int) -> bool:
    return draft.strong or draft.size >= _LARGE * usual


def _is_heading(draft: Paragraph, strong: bool, below: Paragraph | None) -> bool:
    """Tell whether a paragraph without a telling style is a heading, given the one below it."""
    words = draft.words.strip().rstrip(":：").rstrip()
    if below is None or draft.loose or not has_heading_form(words):
        return False
    if strong:
        return not (draft.listed and below.listed)
    return not draft.listed and _NUMBERED.match(words) is not None and is_prose(below.words)


def _part(draft: Paragraph) -> Iterator[Paragraph]:
    """Yield a paragraph, or the bold heading that it begins with and the rest of it."""
    words = draft.words
    head = words[: draft.lead].strip()
    rest = words[draft.lead :]
    title = head.rstrip(_BETWEEN)
    if draft.listed or not 2 <= len(title) <= _LONGEST_LEAD or "\n" in head or not rest.strip():
        yield draft
        return
    body = rest.lstrip(_BETWEEN)
    between = words[words.index(title) + len(title) : len(words) - len(body)]
    apart = any(sign in between for sign in _APART)
    if (apart or begins_sentence(body)) and is_prose(body) and has_heading_form(title):
        yield replace(draft, kind="heading", words=title)
        yield replace(draft, words=body)
    else:
        yield draft
