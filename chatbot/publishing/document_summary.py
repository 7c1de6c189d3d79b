"""What `add`, `show` and the editor's page tell of a document: what it is, lacks and left out."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

from chatbot.locales.interface import tell
from chatbot.terminal import count
from corpus.cases import count_cases
from corpus.errors import Message
from corpus.glossary import Glossary
from corpus.passages import count_searched
from corpus.records import Entry, LeftOut
from index.languages.cldr import put_names

_MOST_WORDS = 4  # of a company's name before a colon
_READ = 50_000  # characters in which names are looked for
_MOST_PLACES = 8  # lines of what was left out, by where it stood
# What a fact is called, and what the flag of its name is given.
_MISSING = {
    "company": ("company", "NAME"),
    "published": ("date", "2024-02-23"),
    "title": ("title", "TITLE"),
}


def describe_entry(entry: Entry, glossary: Glossary) -> Iterator[str]:
    """Yield the lines that tell an editor what was taken, what is missing, what was left out."""
    document = entry.document
    companies = list(dict.fromkeys(case.company for case in entry.cases if case.company))
    yield f"title: {document.title}"
    yield (
        f"company: {', '.join(companies) or 'none'} · date: {document.published or 'none'} · "
        f"language: {document.language} · {count(count_cases(entry.cases), 'case')}, "
        f"{count(count_searched(entry), 'passage')}"
    )
    missing = [
        f"{_MISSING[key][0]}{f' (perhaps {shlex.quote(guess)})' if guess else ''}: "
        f"--{key} {_MISSING[key][1]}"
        for key, guess in list_missing(entry, glossary).items()
    ]
    if missing:
        yield f"missing: {'; '.join(missing)}"
    if told := sum_up(entry.left_out):
        yield f"left out: {'; '.join(told)}"


def tell_entry(entry: Entry) -> dict[str, Any]:
    """Return the same as data, with the whole list of what was left out."""
    document = entry.document
    return {
        "title": document.title,
        "companies": list(dict.fromkeys(case.company for case in entry.cases if case.company)),
        "published": document.published,
        "language": document.language,
        "cases": count_cases(entry.cases),
        "passages": count_searched(entry),
        "left_out": [asdict(each) for each in entry.left_out],
    }


def sum_up(left_out: Iterable[LeftOut], language: str = "en") -> list[str]:
    """Return what was left out that may matter: `2 text boxes`, `page 3: 1 scanned page`.

    What leads through a document and says nothing, as menus do, may not.
    """

    def count_one(number: int, what: str) -> str:
        if language == "en":
            return count(number, what)
        what = what if isinstance(what, Message) else Message(what)
        return tell(Message("{count} {what}", count=number, what=what), language)

    counts: dict[str, Counter[str]] = {}
    for each in left_out:
        if each.reason != "furniture":
            counts.setdefault(each.place, Counter())[each.what] += 1
    lines = []
    for place, whats in counts.items():
        told = ", ".join(count_one(number, what) for what, number in whats.items())
        whole = Message("{name}: {why}", name=place, why=told)
        lines.append(tell(whole, language) if place else told)
    more = len(lines) - _MOST_PLACES
    if more > 0:
        rest = Message("and in {count} other places", count=more)
        one = language == "en" and more == 1
        lines[_MOST_PLACES:] = ["and in 1 other place" if one else tell(rest, language)]
    return lines


def suggest_company(entry: Entry, glossary: Glossary) -> str:
    """Return the company that a document may be of, empty where nothing tells.

    It is what stands before a colon in the title, or the name of the glossary that the text has
    most often; no place, and at least twice.
    """
    first, colon, _ = entry.document.title.replace("：", ":").partition(":")
    if colon and len(first.split()) <= _MOST_WORDS:
        return first.strip()
    named = Counter(glossary.find(entry.document.text[:_READ]))
    companies = [name for name in named if named[name] > 1 and not _is_place(name)]
    return max(companies, key=lambda name: named[name], default="")


def _is_place(name: str) -> bool:
    """Tell whether a name is one that Chinese and English have for a place."""
    one, other = ("en", "zh") if name.isascii() else ("zh", "en")
    return put_names(name, one, other) != name


def list_missing(entry: Entry, glossary: Glossary) -> dict[str, str]:
    """Return the facts that the document does not say, by key, each with a guess or nothing."""
    missing = {}
    if not any(case.company for case in entry.cases):
        missing["company"] = suggest_company(entry, glossary)
    if not entry.document.published:
        missing["published"] = ""
    if entry.document.title == PurePosixPath(entry.document.name).stem:
        missing["title"] = ""
    return missing
