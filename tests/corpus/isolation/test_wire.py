"""corpus.isolation.wire: a reply is an entry of the file that was sent, or none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError, Message
from corpus.isolation.wire import (
    parse_reply,
    parse_request,
    write_entry,
    write_refusal,
    write_request,
)
from corpus.library import Offer, read_entry
from corpus.metadata import Facts
from corpus.records import Case, Passage, Sentence

TEXT = (
    "Acme: Wells for Lund\n\nAcme dug nine wells in 2021. They never run dry.\n\n"
    "Brill: Roofs for Lund\n\nBrill built roofs. Brill sells them, too.\n\n水厂在2021年建成。\n"
)
OFFER = Offer("a/水.txt", TEXT.encode(), Facts(title="Wells", company="Acme"))
REPLY = write_entry(read_entry(OFFER, "ab" * 32))


def test_an_entry_comes_back_as_it_was() -> None:
    """With all cases, passages, sentences and what was left out, and the sidecar's digest."""
    entry = parse_reply(REPLY, OFFER, "ab" * 32)
    assert entry == read_entry(OFFER, "ab" * 32)
    assert len(entry.passages) > 2
    page = b"<html><body><nav>Home</nav><p hidden>Unseen words.</p><p>The plant runs.</p></body>"
    hidden = Offer("a.html", page)
    read = read_entry(hidden)
    assert read.left_out
    assert parse_reply(write_entry(read), hidden, "") == read


def test_a_request_comes_as_it_was_sent() -> None:
    """Whatever is in the file, line breaks and zeroes among it."""
    offer = Offer("a\n.txt", b"\n\0{}\n" + bytes(range(256)), Facts(title="A “title”"))
    assert parse_request(write_request(offer, "cd")) == (offer, "cd")


def test_a_refusal_is_told_in_the_words_of_what_read_it() -> None:
    """On one line, and no longer than a line."""
    with pytest.raises(DocumentError, match=r"^a.txt: broken; mend it$"):
        parse_reply(write_refusal(Message("a.txt: broken; mend it")), OFFER, "")
    with pytest.raises(DocumentError) as caught:
        parse_reply(write_refusal(Message("x" * 10**6)), OFFER, "")
    assert len(str(caught.value)) <= 2000


def test_a_refusal_keeps_its_form_and_fields() -> None:
    """Also those in each other; nothing is filled into a form that comes back."""
    line = Message("{name}: {why}", name="a.txt", why=Message("{n} lines", n=3))
    with pytest.raises(DocumentError) as caught:
        parse_reply(write_refusal(line), OFFER, "")
    told = caught.value.message
    assert (told, told.form, told.fields) == (line, line.form, line.fields)
    assert isinstance(told.fields["why"], Message)
    hostile = Message.restore("a.txt: no", "{0.__class__}", {"__class__": "{0}"})
    with pytest.raises(DocumentError, match=r"^a.txt: no$"):
        parse_reply(write_refusal(hostile), OFFER, "")


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"{", b"[]", b"null", b"7", b'"a"', b"{}", b"\xff\xfe", b"[" * 10**6, REPLY[:-2],
        REPLY + b"{}", b'{"refused": 5}', b'{"refused": "a\\nb"}', b'{"refused": "\\ud800"}',
        b'{"document": {}, "cases": [], "passages": [], "left_out": []}',
    ],
)  # fmt: skip
def test_what_is_no_reply_is_none(reply: bytes) -> None:
    """Nothing, garbage, something else, cut off, nested without an end."""
    with pytest.raises(ValueError, match=r"."):
        parse_reply(reply, OFFER, "ab" * 32)


def _set(*path: Any) -> Callable[[Any], None]:
    *way, last, value = path

    def change(told: Any) -> None:
        for key in way:
            told = told[key]
        told[last] = value

    return change


CHANGES = {
    "other words": _set("document", "text", TEXT.replace("nine", "five")),
    "another document": _set("document", "id", hashlib.sha256(b"b").hexdigest()[:12]),
    "no text": _set("document", "text", 5),
    "a lone surrogate": _set("document", "text", "\ud800"),
    "a title of two lines": _set("document", "title", "a\nb"),
    "an unknown field": _set("document", "rm", "-rf"),
    "a name of its own": _set("document", "name", "../b.txt"),
    "pages out of order": _set("document", "pages", [9, 3]),
    "pages out of the text": _set("document", "pages", [0, 10**9]),
    "more labels than pages": _set("document", "page_labels", ["i", "ii"]),
    "a case of an odd kind": _set("cases", 0, 1, "chapter"),
    "a case beyond the end": _set("cases", 0, 5, 10**6),
    "a case that ends before it begins": _set("cases", 0, 5, -1),
    "an id that is none": _set("cases", 0, 0, "../../etc"),
    "an offset that is a truth": _set("cases", 0, 4, True),
    "an offset that is a fraction": _set("passages", 0, 3, 0.5),
    "a passage of no case": _set("passages", 0, 1, "0" * 16),
    "a passage outside its case": _set("cases", 0, 4, 10),
    "a passage of an odd kind": _set("passages", 0, 2, "poem"),
    "no sentences": _set("passages", 0, 5, []),
    "sentences that do not end with it": _set("passages", 0, 5, [3]),
    "sentences that go back": _set("passages", 1, 5, [30, 25]),
    "something left out for no reason": _set("left_out", [["whim", "a", "b", "c"]]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_forged_reply_is_refused(change: Callable[[Any], None]) -> None:
    """One thing that is not as the records are."""
    told = json.loads(REPLY)
    change(told)
    with pytest.raises(ValueError, match=r"."):
        parse_reply(json.dumps(told).encode(), OFFER, "ab" * 32)


@given(st.data())
def test_no_damage_gets_through(data: st.DataObject) -> None:
    """Bytes changed anywhere give an entry whose words are the document's, or ValueError."""
    damaged = bytearray(REPLY)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(REPLY) - 1))] = data.draw(st.integers(0, 255))
    try:
        entry = parse_reply(bytes(damaged), OFFER, "ab" * 32)
    except (ValueError, DocumentError):
        return
    assert entry.document.sha256 == hashlib.sha256(entry.document.text.encode()).hexdigest()
    spans: list[Case | Passage | Sentence] = [*entry.cases, *entry.passages]
    spans += [sentence for passage in entry.passages for sentence in passage.sentences]
    for each in spans:
        assert entry.document.text[each.start : each.end] == each.text
