"""Articles copied as plain text from the CCCME portal: where the article begins in the page.

The page's furniture (sign-in, menu, breadcrumb), the title and the line of date and source stand
above the article. Only the first lines are looked at, and nothing is taken out of the text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

LINES = 60  # how many lines of a text are looked at
_LONGEST_LINE = 400  # characters of a breadcrumb, a title or a line of date and source
_FACTS_WITHIN = 4  # lines below the title

_BREADCRUMB = re.compile(r"(?:home|首页)(?:\s*+[>›»][^>›»]{1,60}){2,8}", re.IGNORECASE)
_FACTS = re.compile(
    r"(?:publish(?:ed)? time|发布时间|发布日期)\s*+[:：]\s*+"
    r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?(?:[ T][\d:]++)?\s*+"
    r"(?:(?:source|来源)\s*+[:：]\s*+(.*))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Article:
    """What stands above an article; `start` is the offset of the first character behind it.

    `published` is an ISO date; it and `source` are empty where the page does not say.
    """

    title: str
    source: str
    published: str
    start: int


def find_article(text: str, lines: Sequence[tuple[int, int]]) -> Article | None:
    """Return the article of a portal page, None where `text` is no such page.

    `lines` are the spans of the first lines that hold something, without outer white space. The
    title is the line below the breadcrumb, or, in a copy without it, the first line where the
    second gives the date.
    """
    words = [text[start : min(end, start + _LONGEST_LINE + 1)] for start, end in lines]
    crumb = next((n for n, line in enumerate(words) if _BREADCRUMB.fullmatch(line)), None)
    title = 0 if crumb is None else crumb + 1
    reach = title + (2 if crumb is None else 1 + _FACTS_WITHIN)
    if title >= len(words) or len(words[title]) > _LONGEST_LINE or _FACTS.fullmatch(words[title]):
        return None
    for number in range(title + 1, min(reach, len(words))):
        facts = _FACTS.fullmatch(words[number])
        if facts:
            source = (facts[4] or "").strip()
            return Article(words[title], source, _read_date(facts), lines[number][1])
    return None if crumb is None else Article(words[title], "", "", lines[title][1])


def find_facts(lines: Sequence[str]) -> tuple[str, str] | None:
    """Return date and source of the first line that has the portal's form, None without one."""
    for line in lines[:LINES]:
        facts = _FACTS.fullmatch(line)
        if facts:
            return _read_date(facts), (facts[4] or "").strip()
    return None


def _read_date(facts: re.Match[str]) -> str:
    try:
        return dt.date(int(facts[1]), int(facts[2]), int(facts[3])).isoformat()
    except ValueError:
        return ""
