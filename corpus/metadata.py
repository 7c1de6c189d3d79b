"""What is said of a document beside its text: the sidecar, `<file name>.json`.

Every key is optional, every value one line of text, and what stands here wins over what the text
says of itself.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, fields
from typing import Any

from corpus.errors import DocumentError, Message

SIDECAR = ".json"
_MOST = 2000  # characters of a value

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
    """The values of a sidecar; an empty one means "as the text says"."""

    title: str = ""
    publisher: str = ""
    source: str = ""
    published: str = ""
    language: str = ""
    url: str = ""
    rights: str = ""
    company: str = ""

    def over(self, other: Facts) -> Facts:
        """Return these facts, with those of `other` where these are empty."""
        return Facts(**{key: value or getattr(other, key) for key, value in asdict(self).items()})

    def to_bytes(self) -> bytes:
        """Return the sidecar that says this; equal facts give equal bytes."""
        said = {key: value for key, value in asdict(self).items() if value}
        return (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode("utf-8")


NOTHING = Facts()
FIELDS = tuple(field.name for field in fields(Facts))


def read_facts(data: bytes, shown: str) -> Facts:
    """Read a sidecar; raises DocumentError, naming it as `shown`, the key and the mend."""
    facts = read_json(data, shown)
    if not isinstance(facts, dict):
        raise DocumentError('{name}: not a JSON object; write {{"title": "..."}}', name=shown)
    for key in facts:
        if key not in FIELDS:
            known = ", ".join(FIELDS)
            raise DocumentError(
                "{name}: unknown key {key}; use {known}",
                name=shown,
                key=repr(show(key[:40])),
                known=known,
            )
    return check_facts(facts, shown)


def check_facts(facts: dict[str, Any], shown: str) -> Facts:
    """Return facts without outer white space; raises DocumentError, naming key and mend."""
    for key, value in facts.items():
        if not is_line(value):
            raise DocumentError(
                "{name}: {key} is not one line of text; write it as one",
                name=shown,
                key=Message(key),
            )
        if len(value) > _MOST:
            raise DocumentError(
                "{name}: {key} has {count} characters; {most} are the most",
                name=shown,
                key=Message(key),
                count=len(value),
                most=_MOST,
            )
        _check_form(key, value.strip(), shown)
    return Facts(**{key: value.strip() for key, value in facts.items()})


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
