"""What goes to the process that reads a document and what comes back, as bytes.

What comes back is written by a process that a document may have taken over: everything in it is
checked against the file that was sent and against itself. Words are sent once, as the document's
text; cases, passages and sentences are spans of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from itertools import pairwise
from typing import Any, get_args

from corpus.errors import DocumentError, Message
from corpus.library import Offer
from corpus.metadata import check_facts, is_line
from corpus.records import (
    BlockKind,
    Case,
    CaseFacts,
    CaseKind,
    Document,
    Entry,
    LeftOut,
    LeftOutReason,
    Passage,
    Sentence,
)

_ID = re.compile(r"[0-9a-f]{8,64}")
_LONGEST = 2000  # characters of an error
_SENT = ("name", "file_sha256", "facts_sha256")  # fields that are known here, and not sent


def write_request(offer: Offer, facts_sha256: str) -> bytes:
    """Return an offer as bytes: a line of JSON, then the file's own bytes."""
    head = {"name": offer.name, "facts": asdict(offer.facts), "facts_sha256": facts_sha256}
    return json.dumps(head).encode() + b"\n" + offer.data


def parse_request(request: bytes) -> tuple[Offer, str]:
    """Return the offer, and the SHA-256 of its sidecar."""
    line, _, data = request.partition(b"\n")
    head = json.loads(line)
    return Offer(head["name"], data, check_facts(head["facts"], head["name"])), head["facts_sha256"]


def write_entry(entry: Entry) -> bytes:
    """Return an entry as JSON."""
    document = asdict(entry.document)
    for name in _SENT:
        del document[name]
    told = {
        "document": document,
        "cases": [
            [c.id, c.kind, c.title, c.company, c.start, c.end, asdict(c.facts)] for c in entry.cases
        ],
        "passages": [
            [p.id, p.case_id, p.kind, p.start, p.end, [s.end for s in p.sentences]]
            for p in entry.passages
        ],
        "left_out": [
            [each.reason, _take_apart(each.what), each.text, _take_apart(each.place)]
            for each in entry.left_out
        ],
    }
    return json.dumps(told).encode()


def write_refusal(line: Message) -> bytes:
    """Return as JSON why a document cannot be read."""
    return json.dumps({"refused": _take_apart(line)}).encode()


def _take_apart(line: str) -> str | list[Any]:
    """Return a message as its line, its form and its fields; any other text as it is."""
    if not isinstance(line, Message):
        return line
    return [line, line.form, {key: _take_apart(value) for key, value in line.fields.items()}]


def parse_reply(reply: bytes, offer: Offer, facts_sha256: str) -> Entry:
    """Return the entry that a reply holds.

    Raises DocumentError with the words of what read the document where it was refused, and
    ValueError where the reply is none.
    """
    try:
        told = json.loads(reply)
        if "refused" in told:
            raise DocumentError(_take_message(told["refused"]))
        return _Reply(told, offer, facts_sha256).read_entry()
    except (TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"no reply: {error}") from error


class _Reply:
    """One reply; every method raises ValueError or TypeError where something is not as it was."""

    def __init__(self, told: Any, offer: Offer, facts_sha256: str) -> None:
        self._told, self._offer, self._facts_sha256 = told, offer, facts_sha256

    def read_entry(self) -> Entry:
        document = self._read_document(self._told["document"])
        cases = tuple(self._read_case(document, *each) for each in self._told["cases"])
        by_id = {case.id: case for case in cases}
        passages = tuple(
            self._read_passage(document, by_id, *each) for each in self._told["passages"]
        )
        left_out = tuple(self._read_left_out(*each) for each in self._told["left_out"])
        return Entry(document, cases, passages, left_out)

    def _read_document(self, told: dict[str, Any]) -> Document:
        told = dict(told)
        text = _take_text(told.pop("text"))
        pages = tuple(_take_offset(page, 0, len(text)) for page in told.pop("pages"))
        if list(pages) != sorted(pages):
            raise ValueError("pages out of order")
        labels = tuple(_take_line(label) for label in told.pop("page_labels"))
        made = Document(
            **{key: _take_line(value) for key, value in told.items()},
            text=text,
            pages=pages,
            page_labels=labels,
            name=self._offer.name,
            file_sha256=hashlib.sha256(self._offer.data).hexdigest(),
            facts_sha256=self._facts_sha256,
        )
        own = hashlib.sha256(made.name.encode("utf-8")).hexdigest()
        if (
            not own.startswith(_take_id(made.id))
            or made.sha256 != hashlib.sha256(text.encode("utf-8")).hexdigest()
            or (labels and len(labels) != len(pages))
        ):
            raise ValueError("another document")
        return made

    def _read_case(
        self, document: Document, id_: str, kind: CaseKind, title: str, company: str,
        start: int, end: int, facts: dict[str, Any],
    ) -> Case:  # fmt: skip
        _take_one_of(kind, get_args(CaseKind))
        _take_span(start, end, 0, len(document.text))
        words = document.text[start:end]
        return Case(
            _take_id(id_), document.id, kind, _take_line(title), _take_line(company),
            start, end, words, CaseFacts(**{key: _take_line(facts[key]) for key in facts}),
        )  # fmt: skip

    def _read_passage(
        self, document: Document, cases: dict[str, Case], id_: str, case_id: str, kind: BlockKind,
        start: int, end: int, ends: list[int],
    ) -> Passage:  # fmt: skip
        case = cases[case_id]
        _take_one_of(kind, get_args(BlockKind))
        _take_span(start, end, case.start, case.end)
        if ends[-1] != end:
            raise ValueError("sentences do not tile their passage")
        sentences = tuple(
            Sentence(*_take_span(first, last, start, end), document.text[first:last])
            for first, last in pairwise([start, *ends])
        )
        words = document.text[start:end]
        return Passage(_take_id(id_), document.id, case_id, kind, start, end, words, sentences)

    def _read_left_out(self, reason: LeftOutReason, what: str, text: str, place: str) -> LeftOut:
        _take_one_of(reason, get_args(LeftOutReason))
        return LeftOut(reason, _take_message(what), _take_text(text), _take_message(place))


def _take_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode("utf-8")  # a lone surrogate is none: a ValueError
    return value


def _take_line(value: object) -> str:
    if not isinstance(value, str) or not is_line(value):
        raise ValueError("no line")
    return value


def _take_message(told: Any) -> str:
    """Return what `_take_apart` took apart; nothing is filled into a form that came from there."""
    if isinstance(told, str):
        return _take_line(told)[:_LONGEST]
    line, form, fields = told
    kept = {str(key): _take_message(value) for key, value in fields.items()}
    return Message.restore(_take_line(line)[:_LONGEST], _take_line(form)[:_LONGEST], kept)


def _take_id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("no id")
    return value


def _take_one_of(value: object, all_: tuple[object, ...]) -> None:
    if value not in all_:
        raise ValueError("no such kind")


def _take_offset(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError("no offset")
    return value


def _take_span(start: object, end: object, low: int, high: int) -> tuple[int, int]:
    first, last = _take_offset(start, low, high), _take_offset(end, low, high)
    if first >= last:
        raise ValueError("no span")
    return first, last
