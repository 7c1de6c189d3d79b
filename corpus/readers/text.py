"""Plain text: bytes to text and its blocks; articles copied from the portal among them.

The text is kept as the file has it; only the byte order mark is dropped. A blank line ends a block,
and so does the end of a line too long to be one of a wrapped paragraph. What is a heading and what
a caption is judged by its form, since plain text has no mark for either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from corpus.errors import DocumentError
from corpus.language.captions import CAPTION
from corpus.readers.encoding import decode
from corpus.readers.portal import LINES, find_article
from corpus.records import Block, BlockKind, Extraction

_LINE = re.compile(r"[^\r\n]++")

_MARKDOWN = re.compile(r"#{1,6}\s+")
_BULLET = re.compile(r"[-*+•·●○▪◦◆■□►–—|>]")
_LABEL = re.compile(r"[^:：]{1,80}[:：]\s*+")
_ENDS_PROSE = tuple(".!?。！？;；,，、:：…")
_CLOSING = "）)」』】"  # behind a sentence that stands in brackets
_ENDS_SIGNS = tuple("。！？…”’」』）")  # a Chinese line that ends so is not wrapped in mid-sentence

_HEADING_COLUMNS = 160  # a Chinese sign takes two
_TITLE_COLUMNS = 10  # behind `Company:`; less is a label and its value (`Founded: 1990`)
_WRAPPED_LINE = 200  # characters; nobody wraps lines at more
_INDENTS = ("\u3000", "\t")
_HEAD_LINES, _HEAD_COLUMNS = 6, 110  # of the lines above a text's first blank line
_BLANK_LINE = re.compile(r"(?>\r\n|\r|\n)[^\S\r\n]*+[\r\n]")
# White space and signs that nobody sees, at the ends of a line.
_EDGES = re.compile(
    r"\A[\s\u00ad\u200b\u2060\ufeff]++|(?<![\s\u00ad\u200b\u2060\ufeff])[\s\u00ad\u200b\u2060\ufeff]++\Z"
)

Span = tuple[int, int]


def read_text(data: bytes, name: str) -> Extraction:
    """Read a text file; raises DocumentError, naming the byte, where it is not text.

    The title is the portal article's, else the first block's where that is a heading.
    """
    text = decode(data, name)
    article = find_article(text, list(islice(_list_lines(text, 0), LINES)))
    blocks = _list_blocks(text, article.start if article else 0)
    if not blocks:
        raise DocumentError(
            "{name}: holds white space or page furniture only; put text into it", name=name
        )
    if article:
        return Extraction(text, blocks, article.title, article.source, article.published)
    title = text[blocks[0].start : blocks[0].end] if blocks[0].kind == "heading" else ""
    return Extraction(text, blocks, _MARKDOWN.sub("", title, count=1))


def _list_lines(text: str, start: int) -> Iterator[Span]:
    """Yield the spans of lines that hold something, without outer white space."""
    for match in _LINE.finditer(text, start):
        words = _EDGES.sub("", match[0])
        if words:
            first = match.start() + match[0].index(words)
            yield first, first + len(words)


def _list_blocks(text: str, start: int) -> tuple[Block, ...]:
    groups: list[tuple[BlockKind, int, int]] = []  # kind, start, end
    lines = list(_list_lines(text, start))
    head = _count_head(text, lines)
    above: Span = (start, start)
    for number, line in enumerate(lines):
        if CAPTION.match(text, *line):
            groups.append(("caption", *line))
        elif (
            number >= head
            and groups
            and groups[-1][0] == "paragraph"
            and _joins(text, groups[-1][1], above, line)
        ):
            groups[-1] = ("paragraph", groups[-1][1], line[1])
        else:
            groups.append(("paragraph", *line))
        above = line
    blocks: list[Block] = []
    below = ""  # the words of the next block that is no caption
    for number, (kind, first, last) in reversed(list(enumerate(groups))):
        words = text[first:last]
        if kind == "paragraph" and _is_heading(words, below, number == 0 and len(groups) > 1):
            kind = "heading"
        if kind != "caption":
            below = words
        blocks.append(Block(kind, first, last))
    return tuple(reversed(blocks))


def _count_head(text: str, lines: list[Span]) -> int:
    """Return how many of the first lines stand each for itself: title, company, place and date.

    They are short, begin with no small letter, and a blank line follows them.
    """
    for number, line in enumerate(lines[: _HEAD_LINES + 1]):
        words = text[line[0] : line[1]]
        if number and _BLANK_LINE.search(text, lines[number - 1][1], line[0]):
            return number
        if number == _HEAD_LINES or words[0].islower() or _columns(words) > _HEAD_COLUMNS:
            return 0
    return 0


def _joins(text: str, start: int, above: Span, line: Span) -> bool:
    """Tell whether a line goes on with the paragraph from `start` to the end of `above`."""
    between = text[above[1] : line[0]]
    if between.count("\n") + between.count("\r") - between.count("\r\n") != 1:
        return False
    length = line[1] - line[0]
    if max(above[1] - above[0], length) > _WRAPPED_LINE or between.endswith(_INDENTS):
        return False
    words = text[above[0] : above[1]]
    if words.endswith(_ENDS_SIGNS) or _MARKDOWN.match(text, *line):
        return False
    if above[0] == start and has_heading_form(words):  # a heading right above its paragraph
        return not (_MARKDOWN.match(words) or length > max(40, 2 * len(words)))
    return True


def _is_heading(words: str, below: str, first: bool) -> bool:
    """Tell whether a block is a heading, given the block below it.

    The form alone would make headings of the lines of a list or a table, so prose has to follow,
    except below a text's first line.
    """
    if not below or not has_heading_form(words):
        return False
    return first or is_prose(below) or _MARKDOWN.match(words) is not None


def is_prose(words: str) -> bool:
    """Tell whether a block ends as a sentence does, or is too long to be anything else."""
    words = words.rstrip()
    return words.endswith((*_ENDS_PROSE, *_ENDS_SIGNS, '"', ")")) or len(words) > _HEADING_COLUMNS


def has_heading_form(words: str) -> bool:
    """Tell whether words are one short line that does not end as a sentence does."""
    if len(words) > _HEADING_COLUMNS or "\n" in words or "\r" in words:
        return False
    if _MARKDOWN.match(words):
        return True
    label = _LABEL.match(words)
    return not (
        words.rstrip(_CLOSING).endswith(_ENDS_PROSE)
        or _columns(words) > _HEADING_COLUMNS
        or words[0].islower()
        or _BULLET.match(words)
        or not any(character.isalpha() for character in words)
        or "://" in words
        or (label and _columns(words[label.end() :]) < _TITLE_COLUMNS)
    )


def _columns(words: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in words)
