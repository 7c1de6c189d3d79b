"""What a document says of itself at its head, in whatever format: title, company, date.

A reader gives what its format tells (metadata, a heading's style, the largest type). What that
leaves open is looked for in the first lines, above the first paragraph of prose, and never in
prose: a year in a sentence is no date of publication. Lines that are no statement, there or
elsewhere, stay in the text and leave the blocks, so that nobody can be answered with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from corpus.errors import DocumentError
from corpus.language.dates import find_dates
from corpus.language.script import drop_unseen
from corpus.language.stems import UNSPACED
from corpus.lexicons import read_lexicon
from corpus.masthead.boilerplate import is_furniture
from corpus.masthead.companies import find_owner, is_company, read_labels
from corpus.readers.text import has_heading_form
from corpus.records import Block, Extraction
from corpus.tables import BETWEEN

_HEAD, _TAIL = 12, 3  # blocks at the beginning and at the end that may tell of the document
_PROSE = 120  # columns from which on a block is prose, above which the head ends
_LINE = 200  # characters of a line that may give a date
_BESIDE = 24  # columns beside a date in a line that is nothing but its place and date
_ENTRY, _LEAST_ENTRIES = 24, 2  # columns of a menu's word, and how many are known of a menu
_MOST_WORDS = 5  # of a line that is a company's name
_MARKDOWN = re.compile(r"#{1,6}\s+")
_TRIMMED = " \t\u3000.。,，;；:：()（）*_|｜·—–-/"
_PARTS = re.compile(r"[|｜·]")
_LABEL = re.compile(r"[^:：\d]{1,40}")
_SPOKEN = re.compile("[。！？”」]")  # what no subtitle has, and a dialogue's line does


def complete(reading: Extraction, name: str) -> Extraction:
    """Return a reading with what its head says, and without furniture in its blocks.

    Title, date and company that the reading has stay; a title that is a label of a page or a
    company's name is none. Raises DocumentError, naming the file, where only furniture is in it.
    """
    text, stated = reading.text, _say_line(reading.title)
    blocks = _drop_furniture(text, reading.blocks)
    if not blocks:
        raise DocumentError("{name}: holds page furniture only; put text into it", name=name)
    head = _find_head(text, blocks)
    number = _find_title(text, blocks, head, stated)
    title = "" if _is_label(stated) else stated
    if number is not None:
        title = _name_twice(text, blocks, number, head)
        blocks[number] = replace(blocks[number], kind="heading")
        subtitle = _find_subtitle(text, blocks, number, head)
        if subtitle:
            title += subtitle
            blocks[number + 1] = replace(blocks[number + 1], kind="heading")
    lines = [line for block in blocks[:head] for line in _words(text, block).splitlines()]
    ends = [line for block in blocks[head:][-_TAIL:] for line in _words(text, block).splitlines()]
    told = [line for line in lines if _say_line(line) != title]
    kept = [
        block
        for at, block in enumerate(blocks)
        if at == number or not (at < (number or 0) or (at < head and _is_mark(text, block)))
    ]
    return replace(
        reading,
        blocks=tuple(kept or blocks),
        title=title,
        published=reading.published or _find_date(told, ends),
        company=reading.company
        or find_owner(lines, text)
        or _find_name(text, blocks[: number or 0]),
    )


def _drop_furniture(text: str, blocks: Sequence[Block]) -> list[Block]:
    """Return blocks that are statements; short lines right among a menu's words are of the menu."""
    dropped = [is_furniture(_words(text, block)) for block in blocks]
    first = 0
    for last in range(1, min(len(blocks), _HEAD) + 1):
        above = blocks[last - 1]
        if last < len(blocks) and _follows_right(text, above, blocks[last]):
            continue
        menu = dropped[first:last]
        short = all(_measure(_words(text, block)) <= _ENTRY for block in blocks[first:last])
        if short and sum(menu) >= max(_LEAST_ENTRIES, len(menu) / 2):
            dropped[first:last] = [True] * len(menu)
        first = last
    return [block for block, gone in zip(blocks, dropped, strict=True) if not gone]


def _follows_right(text: str, above: Block, below: Block) -> bool:
    """Tell whether a block begins on the line below another."""
    return len(text[above.end : below.start].splitlines()) == 1


def _words(text: str, block: Block) -> str:
    return text[block.start : block.end]


def _say(text: str, block: Block) -> str:
    return _say_line(_words(text, block))


def _say_line(words: str) -> str:
    """Return a heading's words as one line, without what nobody sees."""
    return " ".join(drop_unseen(_MARKDOWN.sub("", words, count=1)).split())


def _measure(words: str) -> int:
    return sum(2 if sign >= "\u2e80" else 1 for sign in words)


def _find_head(text: str, blocks: Sequence[Block]) -> int:
    """Return how many blocks stand above the first paragraph of prose."""
    for number, block in enumerate(blocks[:_HEAD]):
        if block.kind == "paragraph" and _measure(_words(text, block)) > _PROSE:
            return number
    return min(_HEAD, len(blocks))


def _find_title(text: str, blocks: Sequence[Block], head: int, stated: str) -> int | None:
    """Return the number of the block that is the title, None where no block is.

    It is the block that the reader took for it; or else the first heading or line of a heading's
    form that is no label, where no sentence stands before it.
    """
    for number, block in enumerate(blocks[: head + 1]):
        words = _say(text, block)
        below = blocks[number + 1 : head]
        if stated and words == stated and not _is_label(words) and not _is_name(words, text, below):
            return number
    if stated and not _is_label(stated) and stated not in map(partial(_say, text), blocks[:head]):
        return None
    for number, block in enumerate(blocks[:head]):
        words = _say(text, block)
        formed = has_heading_form(_words(text, block).rstrip("?!？！"))  # as headlines may end
        if block.kind == "heading" or (formed and number + 1 < len(blocks)):
            if not _is_label(words) and not _is_name(words, text, blocks[number + 1 : head]):
                return number
        elif not _is_label(words):
            return None  # what begins with a sentence has no title
    return None


def _name_twice(text: str, blocks: Sequence[Block], number: int, head: int) -> str:
    """Return a title, with ` / ` and the line right below it where that is as long in other signs.

    So does a text in two languages begin.
    """
    title = _say(text, blocks[number])
    if number + 1 >= head:
        return title
    below = blocks[number + 1]
    words = _say(text, below)
    if (
        not _follows_right(text, blocks[number], below)
        or _is_label(words)
        or not has_heading_form(_words(text, below))
    ):
        return title
    same_script = bool(UNSPACED.search(title)) == bool(UNSPACED.search(words))
    short, long = sorted(map(_measure, (title, words)))
    return title if same_script or 2 * short < long else f"{title} / {words}"


def _find_subtitle(text: str, blocks: Sequence[Block], number: int, head: int) -> str:
    """Return the line below a title that a dash sets apart as its second half, or nothing."""
    below = blocks[number + 1] if number + 1 < head else None
    words = "" if below is None else _say(text, below)
    plain = words.strip("—")
    if not words.startswith("——") or not plain or _SPOKEN.search(plain):
        return ""
    return words if has_heading_form(plain) else ""


def _is_label(words: str) -> bool:
    """Tell whether a line is a page's, a company's or a date's, and so no title."""
    if is_furniture(words) or is_company(words) or words.count(" / ") > 1:
        return True
    label = _split_label(words)[0]
    if label and any(label in read_labels(kind) for kind in ("company", "published", "updated")):
        return True
    return any(
        _measure((words[:start] + words[end:]).strip(_TRIMMED)) <= _BESIDE
        for start, end, _ in find_dates(words[:_LINE])
    )


def _is_name(words: str, text: str, below: Sequence[Block]) -> bool:
    """Tell whether a line is the name of a company that the text calls so, above the title."""
    name = words.title() if words.isupper() else words
    if len(words.split()) > _MOST_WORDS or not words.isascii():
        return False
    start = below[0].end if below else len(text)
    formed = any(has_heading_form(_words(text, block)) for block in below)
    return formed and words.isupper() and text.find(name, start) >= 0


def _find_name(text: str, above: Sequence[Block]) -> str:
    """Return the company whose name stands above the title in capitals, empty where none does."""
    for block in above:
        words = _say(text, block)
        if words.isupper() and not any(map(str.isdigit, words)) and not _is_label(words):
            return words.title()
    return ""


def _is_mark(text: str, block: Block) -> bool:
    """Tell whether a block of the head says only who wrote it, or when."""
    if block.kind == "caption":
        return False
    return all(
        is_company(line) or _read_date(line) or line.count(" / ") > 1
        for line in _words(text, block).splitlines()
        if line.strip()
    )


def _find_date(lines: Sequence[str], ends: Sequence[str]) -> str:
    """Return the date that lines of the head give, else one of the last lines that is a date.

    One that is labelled as published wins, then one without a label, then one of an update.
    """
    found = [date for line in lines for date in _list_dates(line)]
    found += [date for line in ends for date in _list_dates(line, alone=True)]
    for kind in ("published", "", "updated"):
        for label, iso in found:
            if label == kind:
                return iso
    return ""


def _read_date(line: str) -> bool:
    return bool(list(_list_dates(line)))


def _list_dates(line: str, alone: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the dates that a line is there to give, each with its label: `published` or `updated`.

    Such a line begins with a label, or begins or ends with the date and is no sentence; `alone`
    asks for a line that has little else.
    """
    whole = drop_unseen(line).strip()
    if len(whole) > _LINE:
        yield from _list_signed(whole)
        return
    parts = _PARTS.split(whole)
    row = BETWEEN in whole and not any(map(_is_byline, parts))
    for part in parts:
        words = part.strip(_TRIMMED)
        label, value = _split_label(words)
        kind = next((k for k in ("published", "updated") if label in read_labels(k)), "")
        for start, end, iso in find_dates(value):
            before, after = value[:start].strip(_TRIMMED), value[end:].strip(_TRIMMED)
            beside = _measure(before + after)
            edge = not before or not after or after[0] in "(（"
            bracketed = whole[:1] in ("(", "（")
            sentence = whole.endswith((".", "。")) and beside > _BESIDE
            plain = edge and not bracketed and not row and not sentence
            if kind or (plain and (beside <= _BESIDE or not alone)):
                yield kind, iso
            break
    yield from _list_signed(whole)


def _is_byline(words: str) -> bool:
    """Tell whether words say, with a label, who wrote something or where it is from."""
    label, colon, _ = words.replace("：", ":").partition(":")
    known = (*read_labels("notices"), *read_lexicon("web_page")["bylines"])
    if not colon:
        label = words.strip().partition(" ")[0]  # `By Jane Roe`
    return label.strip(_TRIMMED).casefold() in known


def _list_signed(words: str) -> Iterator[tuple[str, str]]:
    """Yield the date that is the last sentence of a note: `... 二〇二三年十月`."""
    tail = words[-40:]
    for start, end, iso in find_dates(tail):
        if not tail[end:].strip(_TRIMMED) and tail[:start].endswith(("。", "；")):
            yield "", iso


def _split_label(words: str) -> tuple[str, str]:
    """Return the label that a line begins with, without case, and the rest; or none and the line.

    A colon stands between, or nothing where the label is known and a figure or a blank follows.
    """
    label = _LABEL.match(words)
    if label is None:
        return "", words
    rest = words[label.end() :]
    name = label[0].strip(_TRIMMED).casefold()
    if rest[:1] in (":", "："):
        return name, rest[1:]
    for kind in ("published", "updated"):
        for known in read_labels(kind):
            if name == known or name.startswith(f"{known} "):
                return known, words[label.start() + len(known) :]
    return "", words
