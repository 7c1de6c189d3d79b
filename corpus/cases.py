"""Blocks to cases: a collection of several companies' cases is taken apart at their headings.

The headings of the collection read `Company: Title`, which is also the form of `Note: bring water`
or `Background: how it began`. So a heading of that form opens a case only where its first part is
no common label and is named again, as it stands, in the prose below it: a company's case speaks of
the company. The rule needs no list of companies and no page furniture, so it holds for every
format. What stands before the first such heading is the introduction; a document without one is a
single case.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from corpus.glossary import match_whole
from corpus.language.script import drop_unseen
from corpus.masthead.companies import find_companies
from corpus.records import Block, Case, CaseKind, Document

_HEADING = re.compile(r"([^:：\r\n]{2,80})[:：]\s*+([^\r\n]{4,300})")
_MARKDOWN = re.compile(r"#{1,6}\s+")
_LABEL = re.compile(
    r"(?:notes?|photos?|figures?|tables?|box|sources?|steps?|chapters?|parts?|sections?|appendix"
    r"|annex|examples?|questions?|answers?|abstract|summary|conclusions?|background|overview"
    r"|results?|challenges?|solutions?|keywords?|contents?|references?|case(?: stud(?:y|ies))?"
    r"|days?|weeks?|phases?|lessons?|tips?|warning|update|news|editor's note|introduction"
    r"|注|注意|备注|说明|提示|来源|图|表|附件?|附录|摘要|关键词|问|答|背景|概述|结论|结语|总结"
    r"|案例|成果|成效|经验|启示|挑战|措施|目标|问题|方案|引言|前言|导语|编者按|第\S{1,4}[章节部分篇])"
    r"(?:[ \t]*(?:no\.?\s*)?(?:\d{1,3}|[ivx]{1,4}|[a-z]|[一二三四五六七八九十]{1,3}))?",
    re.IGNORECASE,
)
_MOST_WORDS = 8  # of a company's name
_OFTEN = 2  # times that prose names whose case it is, where a heading may be a document's title
_SHORT = 4  # letters of a first word by which a company may be called
_NAMED_WITHIN = 20_000  # characters of a section in which its company is looked for


def find_cases(document: Document, blocks: Sequence[Block], company: str = "") -> tuple[Case, ...]:
    """Return the document's cases in text order; every block lies in exactly one.

    `company` is given to a document of one case whose heading names none, or a part of it. A
    heading that is the document's own title opens a case only where no other does, and headings
    that stand alone above the first case belong to it. Where a document names its company above all
    such headings, and none of them names one that the text has in full, they are of places or
    parts: one case.
    """
    text = document.text
    openings = {
        number: opening
        for number, block in enumerate(blocks)
        if block.kind == "heading" and (opening := _read_opening(text, blocks, number))
    }
    first = min(openings, default=0)
    below = min((n for n in openings if not _is_title(document, blocks[n])), default=0)
    if openings and _has_one_owner(text, blocks[below].start, company, openings.values()):
        openings = {}
    if len(openings) > 1 and _is_title(document, blocks[first]):
        prose = _prose_below(text, blocks, first)
        if prose.count(openings[first][1]) < _OFTEN:
            del openings[first]
    if len(openings) == 1:
        ((number, (title, owner)),) = openings.items()
        openings[number] = title, company if re.search(match_whole(owner), company) else owner
    starts = sorted(openings)
    if not starts or any(block.kind == "paragraph" for block in blocks[: starts[0]]):
        starts.insert(0, 0)
    elif starts[0]:  # a title and a photo alone are no introduction
        openings[0] = openings.pop(starts[0])
        starts[0] = 0
    cases: list[Case] = []
    for start, after in zip(starts, [*starts[1:], len(blocks)], strict=True):
        kind: CaseKind = "case" if start in openings or not openings else "introduction"
        title, owner = openings.get(start, (document.title, "" if openings else company))
        span = blocks[start].start, blocks[after - 1].end
        owner = _spell_out(owner, text[span[0] : span[1]])
        cases.append(Case("", document.id, kind, title, owner, *span, text[span[0] : span[1]]))
    return _give_ids(cases)


class OfKind(Protocol):
    """What is a case or an introduction."""

    @property
    def kind(self) -> CaseKind:
        """Which of them."""


def count_cases(cases: Iterable[OfKind]) -> int:
    """Return how many cases there are, which is how they are counted: introductions are none."""
    return sum(case.kind == "case" for case in cases)


def _read_opening(text: str, blocks: Sequence[Block], number: int) -> tuple[str, str] | None:
    """Return title and company of the case that a heading opens, None where it opens none."""
    title = _words_of(text, blocks[number])
    match = _HEADING.fullmatch(title)
    if match is None:
        return None
    company = match[1].strip()
    if len(company) < 2 or len(company.split()) > _MOST_WORDS or _LABEL.fullmatch(company):
        return None
    if company[0].islower() or not any(character.isalpha() for character in company):
        return None
    prose = drop_unseen(_prose_below(text, blocks, number))
    named = re.search(match_company(company), prose) or _is_called(company, prose)
    return (title, company) if named else None


def _is_called(company: str, prose: str) -> bool:
    """Tell whether prose calls a company of several words by the first alone, as a name."""
    words = company.split()
    if len(words) < 2 or len(words[0]) < _SHORT or not all(word[0].isupper() for word in words):
        return False
    return re.search(match_called(words[0]), prose) is not None


def match_called(name: str) -> str:
    """Return a pattern for the first word of a company's name where it is no word like others.

    It stands inside a sentence, or before a comma or its `'s`.
    """
    return rf"(?<=[a-z,;] ){re.escape(name)}\b|\b{re.escape(name)}(?=[,'’])"


def _spell_out(owner: str, text: str) -> str:
    """Return the full name that a case's text has for a company that is called in Chinese signs."""
    if not owner or owner.isascii():
        return owner
    within = text[:_NAMED_WITHIN]
    full = (within[first:last] for first, last in find_companies(within))
    names = {name[name.index(owner) :] for name in full if owner in name}
    return names.pop() if len(names) == 1 else owner


def _has_one_owner(
    text: str, start: int, company: str, openings: Iterable[tuple[str, str]]
) -> bool:
    """Tell whether a document is one company's, whose name stands above the openings at `start`."""
    if not company or text.casefold().find(company.casefold(), 0, start) < 0:
        return False
    full = [text[first:last] for first, last in find_companies(text)]
    return not any(name in each for _, name in openings for each in full)


def match_company(company: str) -> str:
    """Return a pattern for a company's name as its heading writes it, as whole words.

    One plain word with a capital, as `Safety`, has to stand inside a sentence too: at its start
    any word has a capital.
    """
    plain = company.isascii() and company.isalpha() and company[1:].islower()
    before = r"(?<=[a-z,;\"'(] )" if plain else r"(?<![^\W_\u2e80-\U0003ffff])"
    after = r"(?![^\W_\u2e80-\U0003ffff])"
    return before + re.escape(company) + after


def _prose_below(text: str, blocks: Sequence[Block], number: int) -> str:
    """Return the paragraphs between a heading and the next, up to about 20,000 characters."""
    parts: list[str] = []
    length = 0
    for after in range(number + 1, len(blocks)):
        block = blocks[after]
        if block.kind == "heading" or length > _NAMED_WITHIN:
            break
        if block.kind == "paragraph":
            parts.append(text[block.start : min(block.end, block.start + _NAMED_WITHIN)])
            length += len(parts[-1])
    return "\n".join(parts)


def _words_of(text: str, heading: Block) -> str:
    return drop_unseen(_MARKDOWN.sub("", text[heading.start : heading.end], count=1)).strip()


def _is_title(document: Document, heading: Block) -> bool:
    """Tell whether a heading is the document's title, or its half in one of two languages."""
    words = _words_of(document.text, heading)
    return words == document.title or words in document.title.split(" / ")


def _give_ids(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the cases with ids made of document and title.

    Cases that share a title are told apart by their words, and only where these are the same too by
    their order; so no case's address comes to mean another.
    """
    titles = Counter(case.title for case in cases)
    seen: Counter[str] = Counter()
    named = []
    for case in cases:
        place = f"{case.document_id}\n{case.title}"
        if titles[case.title] > 1:
            place += f"\n{case.text}"
        seen[place] += 1
        if seen[place] > 1:
            place += f"\n{seen[place]}"
        named.append(replace(case, id=hashlib.sha256(place.encode("utf-8")).hexdigest()[:12]))
    return tuple(named)
