"""Plain text, and articles copied as plain text from the CCCME portal.

The text is kept as the file has it; only the byte order mark is dropped. A blank line ends a block.
In an article of the portal everything above its title is page furniture (sign-in, breadcrumb) and
lies outside all blocks, as does the line with date and source.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from corpus.cases import opens_case
from corpus.errors import DocumentError
from corpus.records import Block, BlockKind, Reading

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE = re.compile(r"[^\r\n]+")
_BREADCRUMB = re.compile(r"\s*Home\s*>[^\r\n]{0,200}", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"\s*Publish(?:ed)? Time\s*[:：]\s*(\d{4}-\d{2}-\d{2})(?:[ T][\d:]+)?\s*"
    r"(?:Source\s*[:：]\s*(.*))?",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:photos?|pictures?|figures?|fig\.|images?|图片?|照片)\s{0,2}\d{0,3}(?:[.-]\d{1,2})?\s{0,2}[:：]"
    r"|图\s{0,2}\d{1,3}(?:[.-]\d{1,2})?[\s　]",
    re.IGNORECASE,
)
_HEADING_LENGTH = 200  # characters
_ENDS_PROSE = tuple(".!?。！？;；,，、:：…")
_FURNITURE_LINES = 40  # how far down a breadcrumb is looked for


def read_text(data: bytes, name: str) -> Reading:
    """Read a text file; raises DocumentError, naming the byte, where it is not text."""
    text = decode(data, name)
    lines = list(_list_lines(text))
    title, source, published, body = _read_furniture(text, lines)
    blocks = _list_blocks(text, lines, body, title is not None)
    if not blocks:
        raise DocumentError(f"{name}: nothing in it but white space or page furniture; remove it")
    if title is None and blocks[0].kind == "heading":
        title = text[blocks[0].start : blocks[0].end].lstrip("# ")
    return Reading(text, tuple(blocks), title or "", source, published)


def decode(data: bytes, name: str) -> str:
    """Return the text of UTF-8 bytes, or of UTF-16 bytes that begin with their mark."""
    if not data.strip(b"\0 \t\r\n"):
        raise DocumentError(f"{name}: the file is empty; remove it or put text into it")
    found = (pair for pair in _MARKS if data.startswith(pair[0]))
    mark, encoding = next(found, (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        raise DocumentError(
            f"{name}: byte {place} is not {encoding.upper()}; save the file as UTF-8"
        ) from error
    if "\0" in text:
        raise DocumentError(
            f"{name}: character {text.index(chr(0))} is NUL, so this is no text; save it as UTF-8"
        )
    return text


def _list_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of lines that hold something, without outer white space."""
    for match in _LINE.finditer(text):
        words = match[0].strip()
        if words:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield start, start + len(words)


def _read_furniture(text: str, lines: list[tuple[int, int]]) -> tuple[str | None, str, str, int]:
    """Return title, source, date, and the number of the first line that is content.

    Of the portal's pages only: a breadcrumb near the top, and behind it a title and a line of date
    and source. The title is None where the text is no such page.
    """
    for number, (start, end) in enumerate(lines[:_FURNITURE_LINES]):
        if not _BREADCRUMB.fullmatch(text, start, end) or number + 2 >= len(lines):
            continue
        for place in range(number + 1, min(number + 5, len(lines))):
            facts = _PUBLISHED.fullmatch(text, *lines[place])
            if facts and place > number + 1:
                first, last = lines[number + 1]
                return text[first:last], (facts[2] or "").strip(), facts[1], number + 1
    return None, "", "", 0


def _list_blocks(
    text: str, lines: list[tuple[int, int]], first: int, is_article: bool
) -> list[Block]:
    groups: list[list[tuple[int, int]]] = []
    for number in range(first, len(lines)):
        start, end = lines[number]
        if is_article and _PUBLISHED.fullmatch(text, start, end):
            continue
        if _follows(text, lines, number, first) and _joins(text, groups, start, end):
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    blocks: list[Block] = []
    for number, group in enumerate(groups):
        following = (
            text[groups[number + 1][0][0] : groups[number + 1][-1][1]]
            if (number + 1 < len(groups))
            else ""
        )
        kind = _kind_of(text, group, number == 0, following)
        blocks.append(Block(kind, group[0][0], group[-1][1]))
    return blocks


def _follows(text: str, lines: list[tuple[int, int]], number: int, first: int) -> bool:
    """Tell whether no blank line stands before a line."""
    if number == first:
        return False
    between = text[lines[number - 1][1] : lines[number][0]]
    return between.count("\n") + between.count("\r") - between.count("\r\n") == 1


def _joins(text: str, groups: list[list[tuple[int, int]]], start: int, end: int) -> bool:
    """Tell whether a line belongs to the block of the line above it.

    A caption is a line of its own, and so is a heading above its paragraph: a short line that does
    not end as prose does, before one more than twice as long.
    """
    if not groups:
        return False
    above = groups[-1]
    last = text[above[-1][0] : above[-1][1]]
    if _CAPTION.match(text, start, end) or _CAPTION.match(last):
        return False
    alone = len(above) == 1 and _is_short_title(last)
    return not (alone and (end - start > 2 * len(last) or opens_case(last, text[start:end])))


def _is_short_title(line: str) -> bool:
    return len(line) <= _HEADING_LENGTH and not line.endswith(_ENDS_PROSE)


def _kind_of(text: str, group: list[tuple[int, int]], first: bool, following: str) -> BlockKind:
    start, end = group[0][0], group[-1][1]
    if _CAPTION.match(text, start, end):
        return "caption"
    words = text[start:end]
    if (
        len(group) == 1
        and following
        and _is_short_title(words)
        and (first or re.match(r"#{1,6} ", words) or opens_case(words, following))
    ):
        return "heading"
    return "paragraph"
