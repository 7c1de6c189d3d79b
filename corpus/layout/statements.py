"""Paragraphs to what they say: headings, figures with their words, and what is no statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.layout.glyphs import is_wide
from corpus.layout.paragraphs import Kind, Paragraph, has_leaders

_HEADING = 160  # characters
_HEADING_LINES = 4
_OPEN = (".", "。", ",", "，", ";", "；")  # what no heading ends in
_BELOW = 2.2  # sizes between a figure and its words
_WORDS = 160  # characters of these at most
_FIGURE_LETTERS = 10
_CONTENTS = 3  # lines with leaders that make a page one of contents


def settle(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return paragraphs as what they are.

    What is large and ends as a sentence is no heading, and a figure and the words below it are one
    statement; leaders and lone figures are furniture.
    """
    made: list[Paragraph] = []
    for paragraph in _part_leads(paragraphs):
        above = made[-1] if made else None
        if above is not None and _is_one(above, paragraph):
            _put_together(above, paragraph)
        else:
            made.append(paragraph)
    for number, paragraph in enumerate(made):
        after = made[number + 1] if number + 1 < len(made) else None
        paragraph.kind = _name(paragraph, after)
    _set_figures_apart(made)
    return made


def _name(paragraph: Paragraph, after: Paragraph | None) -> Kind:
    """Return what a paragraph is, given the one behind it."""
    kind, text = paragraph.kind, paragraph.text
    if kind in ("caption", "furniture"):
        return kind
    if paragraph.first.cells:
        return "paragraph"
    short = len(text) <= _HEADING and paragraph.lines <= _HEADING_LINES and not text.endswith(_OPEN)
    letters = sum(map(str.isalpha, text))
    if kind == "heading":
        return "heading" if short and letters > 1 else "paragraph"
    heads = (
        paragraph.bold and short and letters > 1 and not text.endswith((":", "："))
        and after is not None and not after.bold and not after.first.cells
        and after.kind == "paragraph" and len(after.text) > len(text)
    )  # fmt: skip
    return "heading" if heads else "paragraph"


def _part_leads(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return paragraphs with their bold first words apart, where those are headings.

    They are where the document does so twice or more, and a capital follows each time: a name that
    is bold goes on in small letters.
    """
    leads = [p for p in paragraphs if p.first.lead and p.kind == "paragraph" and not p.first.cells]
    if len(leads) < 2 or not all(map(_is_lead, leads)):
        return list(paragraphs)
    parted: list[Paragraph] = []
    for paragraph in paragraphs:
        if not any(paragraph is lead for lead in leads):
            parted.append(paragraph)
            continue
        text, cut = paragraph.text, paragraph.first.lead
        rest = text[cut:].lstrip()
        cut = len(text) - len(rest)
        head = replace(
            paragraph, kind="heading", text=text[:cut].rstrip(), bold=True, lines=1,
            last=paragraph.first, starts=[s for s in paragraph.starts if s[1] < cut],
        )  # fmt: skip
        paragraph.text = rest
        paragraph.starts = [(page, at - cut) for page, at in paragraph.starts if at >= cut]
        parted += head, paragraph
    return parted


def _is_lead(paragraph: Paragraph) -> bool:
    lead, rest = paragraph.text[: paragraph.first.lead], paragraph.text[paragraph.first.lead :]
    rest = rest.lstrip()
    bare = lead.rstrip()
    if not bare or not rest or bare.endswith((",", ":", "：", "，", "(", "（", "-")):
        return False
    return len(rest) > len(bare) and len(bare) <= _HEADING // 2 and rest[0].isupper()


def is_figure(text: str) -> bool:
    """Tell whether words are a figure with its unit, which means nothing alone."""
    bare = text.lstrip("+-−–±~≈<>≤≥$€£¥￥ ")
    letters = sum(map(str.isalpha, bare))
    return bare[:1].isdigit() and letters <= _FIGURE_LETTERS and len(bare.split()) <= 4


def _is_one(above: Paragraph, below: Paragraph) -> bool:
    """Tell whether the words below a figure say what it counts."""
    figure, words = above.last, below.first
    if above.kind != "heading" or not is_figure(above.text) or above.lines > 2:
        return False
    if below.kind not in ("paragraph", "heading") or words.cells or figure.page != words.page:
        return False
    if words.size > 0.95 * figure.size or len(below.text) > _WORDS:
        return False
    down = figure.base - words.base
    beside = min(figure.right, words.right) - max(figure.left, words.left)
    if not 0 < down <= _BELOW * figure.size or beside <= 0:
        return False
    pure = sum(map(str.isalpha, above.text)) == 0
    return pure or not below.text[0].isupper()


def _put_together(above: Paragraph, below: Paragraph) -> None:
    parted = "" if is_wide(above.text[-1]) and is_wide(below.text[0]) else " "
    place = len(above.text) + len(parted)
    above.text += parted + below.text
    above.starts += [(page, place + at) for page, at in below.starts]
    above.kind = below.kind
    above.last, above.lines = below.last, above.lines + below.lines
    above.bold = above.bold and below.bold


def _set_figures_apart(paragraphs: Sequence[Paragraph]) -> None:
    """Make furniture of figures that no words go with: the labels of a chart's axes."""
    number = 0
    while number < len(paragraphs):
        last = number + 1
        if paragraphs[number].first.cells:
            while last < len(paragraphs) and paragraphs[last].first.cells:
                last += 1
        group = paragraphs[number:last]
        if not any(any(map(str.isalpha, p.text)) for p in group):
            for paragraph in group:
                paragraph.kind = "furniture"
        number = last


def find_title(paragraphs: Sequence[Paragraph], told: str) -> str:
    """Return the largest words of the first page that is none of contents, or a title told.

    `told` is what the file says of itself; it counts where no headline is larger than the text, or
    where it stands on that page too.
    """
    pages: dict[int, list[Paragraph]] = {}
    for paragraph in paragraphs:
        pages.setdefault(paragraph.first.page, []).append(paragraph)
    sound = _is_sound(told)
    for page in list(pages.values())[:3]:
        leaders = sum(has_leaders(p.text) for p in page)
        if leaders >= _CONTENTS:
            continue
        if sound and any(_bare(told) == _bare(p.text) for p in page):
            return told
        headings = [p for p in page if p.kind == "heading" and not is_figure(p.text)]
        large = max(headings, key=lambda p: round(p.first.size, 1), default=None)
        if large is not None:
            return told if sound and _bare(large.text) in _bare(told) else large.text
        if sound:
            return told
    return told if sound else ""


def _is_sound(title: str) -> bool:
    """Tell whether a title that a file says it has is one, and not a file's name or a program's."""
    if sum(map(str.isalpha, title)) < 2 or len(title) > 2 * _HEADING:
        return False
    if re.search(r"\.\w{2,5}\Z|[\\\\_]", title):
        return False
    parted = " " in title.strip() or any(map(is_wide, title))
    tool = re.match(r"microsoft (?:word|powerpoint)\b", title, re.IGNORECASE)
    return parted and tool is None


def _bare(text: str) -> str:
    return "".join(text.casefold().split())
