"""What is said of a document beside its text: the sidecar, `<file name>.json`.

Every key is optional, every value one line of text, and what stands here wins over what the text
says of itself. A document of several cases has `cases` as well: what is said of each, by its title.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from corpus.errors import DocumentError, Message
from corpus.language.countries import MOST, read_countries
from corpus.language.script import drop_unseen
from corpus.records import CaseFacts

SIDECAR = ".json"
_MOST = 2000  # characters of a value
_MOST_OF = {"sector": 80, "country": 500, "title_en": 300, "title_zh": 300, "summary_en": 500,
            "summary_zh": 500}  # fmt: skip
_MOST_CASES = 2000  # of a sidecar

_FORMS = {
    "published": (re.compile(r"\d{4}(?:-\d{2}){0,2}"), "a date; write it as 2024-02-23"),
    "language": (
        re.compile(r"[a-z]{2,3}(?:-Hant)?(?:\+[a-z]{2,3}(?:-Hant)?)?"),
        "a language; write it as en or zh",
    ),
    "url": (re.compile(r"https?://[^\s/?#]\S*"), "a web address; begin it with https://"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The values of a sidecar; an empty one means "as the text says".

    What is said of a case is said of the document's only one; sector and country are of all of them
    that have none in `cases`, which has what is said of each, by its title.
    """

    title: str = ""
    publisher: str = ""
    source: str = ""
    published: str = ""
    language: str = ""
    url: str = ""
    rights: str = ""
    company: str = ""
    sector: str = ""
    country: str = ""
    title_en: str = ""
    title_zh: str = ""
    summary_en: str = ""
    summary_zh: str = ""
    cases: Mapping[str, CaseFacts] = field(default_factory=dict)

    def over(self, other: Facts) -> Facts:
        """Return these facts, with those of `other` where these are empty."""
        return Facts(**{each: getattr(self, each) or getattr(other, each) for each in FIELDS})

    def find_case(self, title: str, alone: bool) -> CaseFacts:
        """Return what is said of a case; `alone` says that it is the only one of its document."""
        own = self.cases.get(title, CaseFacts())
        whole = CASE_FIELDS if alone else ("sector", "country")
        return CaseFacts(**{
            key: getattr(own, key) or (getattr(self, key) if key in whole else "")
            for key in CASE_FIELDS
        })  # fmt: skip

    def to_bytes(self) -> bytes:
        """Return the sidecar that says this; equal facts give equal bytes."""
        said = {key: value for key, value in asdict(self).items() if value}
        if self.cases:
            told = {title: asdict(self.cases[title]) for title in sorted(self.cases)}
            said["cases"] = {
                title: {key: value for key, value in facts.items() if value}
                for title, facts in told.items()
            }
        return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


FIELDS = tuple(each.name for each in fields(Facts))
CASE_FIELDS = tuple(each.name for each in fields(CaseFacts))
NOTHING = Facts()


def read_facts(data: bytes, shown: str) -> Facts:
    """Read a sidecar; raises DocumentError, naming it as `shown`, the key and the mend."""
    facts = read_json(data, shown)
    if not isinstance(facts, dict):
        raise DocumentError('{name}: not a JSON object; write {{"title": "..."}}', name=shown)
    _check_keys(facts, FIELDS, shown)
    return check_facts(facts, shown)


def check_facts(facts: Mapping[str, Any], shown: str) -> Facts:
    """Return facts as they are kept: without outer white space, countries by their codes.

    Raises DocumentError, naming key and mend.
    """
    given = dict(facts)
    cases = given.pop("cases", {})
    if not isinstance(cases, Mapping) or len(cases) > _MOST_CASES:
        raise DocumentError(
            "{name}: cases is not an object of cases by title; "
            'write {{"TITLE": {{"sector": "..."}}}} of at most {most}',
            name=shown,
            most=_MOST_CASES,
        )
    told = {}
    for title, said in cases.items():
        place = f"{shown}: {show(title[:80])}"
        if not isinstance(said, Mapping):
            raise DocumentError(
                '{name}: {title} is not a JSON object; write {{"sector": "..."}}',
                name=shown,
                title=show(title[:80]),
            )
        _check_keys(said, CASE_FIELDS, place)
        if values := _clean(said, place):
            told[title] = CaseFacts(**values)
    return Facts(**_clean(given, shown), cases=told)


def _check_keys(given: Mapping[str, Any], known: tuple[str, ...], shown: str) -> None:
    for key in given:
        if key not in known:
            raise DocumentError(
                "{name}: unknown key {key}; use {known}",
                name=shown,
                key=repr(show(key[:40])),
                known=", ".join(known),
            )


def _clean(given: Mapping[str, Any], shown: str) -> dict[str, str]:
    """Return the values that are not empty as they are kept; raises DocumentError."""
    kept = {}
    for key, value in given.items():
        if not is_line(value):
            raise DocumentError(
                "{name}: {key} is not one line of text; write it as one",
                name=shown,
                key=Message(key),
            )
        most = _MOST_OF.get(key, _MOST)
        if len(value) > most:
            raise DocumentError(
                "{name}: {key} has {count} characters; {most} are the most",
                name=shown,
                key=Message(key),
                count=len(value),
                most=most,
            )
        words = value.strip()
        if key in CASE_FIELDS:
            words = " ".join(drop_unseen(words).split())
        if key == "country":
            words = _read_countries(words, shown)
        _check_form(key, words, shown)
        if words:
            kept[key] = words
    return kept


def _read_countries(written: str, shown: str) -> str:
    try:
        return read_countries(written)
    except ValueError as error:
        raise DocumentError(
            "{name}: country {value} is not one of up to {most} countries; write each as its two "
            "letters or its name, such as KE, Ethiopia",
            name=shown,
            value=repr(show(str(error)[:40])),
            most=MOST,
        ) from error


def read_json(data: bytes, shown: str) -> Any:
    """Return what JSON bytes hold; raises DocumentError, naming the file as `shown`."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DocumentError(
            "{name}: not JSON ({reason}); mend or remove it", name=shown, reason=error
        ) from error


def is_line(value: object) -> bool:
    """Tell whether a value is a text of one line, without control characters."""
    return isinstance(value, str) and not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in value
    )


def show(name: str) -> str:
    """Return a name as a message may hold it, whatever its bytes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _check_form(key: str, value: str, shown: str) -> None:
    """Raise DocumentError where a fact has not the form that its key asks for; empty is none."""
    if not value or key not in _FORMS:
        return
    pattern, form = _FORMS[key]
    whole = pattern.fullmatch(value) is not None
    if whole and key == "published":
        try:
            dt.date.fromisoformat(f"{value}-01-01"[:10])
        except ValueError:
            whole = False
    if not whole:
        raise DocumentError(
            "{name}: {key} {value} is not {form}",
            name=shown,
            key=Message(key),
            value=repr(value[:40]),
            form=Message(form),
        )
