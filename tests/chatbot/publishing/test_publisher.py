"""chatbot.publishing.publisher: an editor's day, from a file to a release and back."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.evaluation.regression_questions import GateReport, Quoted, Setback
from chatbot.publishing.publisher import Publisher
from corpus.errors import DocumentError, GateError, NotFoundError, ReleaseError
from corpus.library import Library, Offer
from corpus.metadata import Facts
from index.encoder.encoder import Encoder
from index.reader.protocol import Reader, Reading, Text
from index.search.query import Query
from index.storage.publish import Releases
from index.storage.verify import Inspection
from tests.fake_encoder import FakeEncoder
from tests.small_reader import SmallReader

ROAD = b"The road is long. It never ends, say the people of Lund.\n"


@pytest.fixture
def publisher(library: Library, published: Releases, encoder: FakeEncoder) -> Publisher:
    """A publisher over the small library, published."""
    return Publisher(library, published, lambda: encoder)


def _know(library: Library, *lines: tuple[str, list[str]]) -> None:
    known = [{"question": q, "language": "en", "answers": a} for q, a in lines]
    text = "\n".join(json.dumps(line) for line in known)
    (library.folder / "questions.jsonl").write_text(text, "utf-8")


def test_a_case_from_file_to_answer(publisher: Publisher) -> None:
    """Previewed as it will be quoted, added, planned, published, verified."""
    offer = publisher.take_file("C:\\cases\\Long Road.TXT", ROAD, Facts(company="Acme"))
    assert offer.name == "Long-Road.txt"
    entry = publisher.preview(offer)
    assert [s.text.strip() for p in entry.passages for s in p.sentences] == [
        "The road is long.",
        "It never ends, say the people of Lund.",
    ]
    assert publisher.add(offer).action == "added"
    plan = publisher.plan()
    assert (plan.added, plan.passages_to_encode) == (("Long-Road.txt",), 1)
    done = publisher.publish()
    assert (done.published, done.plan, done.gate) == (True, plan, None)
    (found,) = publisher.verify(done.release).values()
    assert isinstance(found, Inspection)
    assert "Long-Road.txt" in {document.name for document in publisher.documents()[0]}


def test_a_folder_is_taken_file_by_file(publisher: Publisher, tmp_path: Path) -> None:
    """Every file is an offer or a line; nothing but what is hidden is passed over silently."""
    folder = tmp_path / "new"
    (folder / "sub" / ".git").mkdir(parents=True)
    for number in range(10):
        (folder / "sub" / f"{number}.txt").write_text(f"Case {number} is here. It works.")
    (folder / "sub" / "3.txt.json").write_text('{"company": "Acme"}')
    (folder / "bad.txt").write_bytes(b"\0\1\2")
    (folder / "README.md").write_text("read me")
    (folder / ".hidden.txt").write_text("hidden")
    (folder / "sub" / ".git" / "x.txt").write_text("hidden")
    (folder / "out.txt").symlink_to("/etc/hostname")
    taken = list(publisher.take_path(folder))
    offers = [offer for offer in taken if isinstance(offer, Offer)]
    errors = [str(offer) for offer in taken if isinstance(offer, DocumentError)]
    assert offers.pop(0).name == "bad.txt"  # refused when it is read
    assert [offer.name for offer in offers] == [f"sub/{number}.txt" for number in range(10)]
    assert offers[3].facts == Facts(company="Acme")
    assert len(errors) == 1
    assert "out.txt: a link out of the folder" in errors[0]


def test_what_is_no_file_is_told(publisher: Publisher, tmp_path: Path) -> None:
    """A path that leads nowhere, to a pipe or to a giant is one line."""
    os.mkfifo(tmp_path / "pipe.txt")
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(200 * 2**20)
    for name, words in (("no.txt", "no such file"), ("pipe.txt", "not a file"), ("big.txt", "200")):
        (found,) = publisher.take_path(tmp_path / name)
        assert isinstance(found, DocumentError)
        assert words in str(found)
        assert name in str(found)
    with pytest.raises(DocumentError, match="200 MiB"):
        publisher.take_file("big.txt", bytes(200 * 2**20))


def test_a_lost_answer_stops_the_gate(publisher: Publisher, library: Library) -> None:
    """What is nowhere any more stops publishing, unless it is accepted."""
    _know(
        library,
        ("When was the red bridge built?", ["in 1999"]),
        ("What grows on the seven hills?", ["Green tea"]),
        ("Who sells violins?", []),
    )
    live = publisher.releases()[0].id
    publisher.remove("bridge.txt")
    with pytest.raises(GateError, match=r"of 3 known .* 1 lost, 0 weaker, 2 kept;") as caught:
        publisher.publish()
    report = caught.value.report
    assert isinstance(report, GateReport)
    assert "\n" not in str(caught.value)
    was = Quoted("The red bridge was built in 1999 by Ada.", "bridge.txt")
    lost = Setback("When was the red bridge built?", ("in 1999",), was, Quoted())
    assert (report.lost, report.weaker, report.kept) == ((lost,), (), 2)
    assert [info.id for info in publisher.releases()] == [live]
    done = publisher.publish(accept=True)
    assert done.published
    assert done.gate == report
    assert json.loads(json.dumps(done.to_json()))["gate"]["lost"][0] == {
        "question": lost.question,
        "expected": ["in 1999"],
        "before": {"quote": was.quote, "document": "bridge.txt"},
        "now": {"quote": "", "document": ""},
        "error": "",
    }


def test_what_the_gate_stops_is_not_encoded_again(
    publisher: Publisher, library: Library, encoder: FakeEncoder
) -> None:
    """Once the question is taken out, or its loss accepted, the next build has all vectors."""
    _know(library, ("When was the red bridge built?", ["in 1999"]))
    publisher.remove("bridge.txt")
    publisher.add(publisher.take_file("road.txt", b"The road is long. It never ends."))
    with pytest.raises(GateError):
        publisher.publish()
    asked: list[int] = []
    done = publisher.publish(accept=True, progress=lambda _, total: asked.append(total))
    assert (done.published, done.plan.to_encode, asked) == (True, 0, [])


def test_a_weaker_answer_stops_nothing(publisher: Publisher, library: Library) -> None:
    """Refused, but the words are quoted as near or handed over: told, published; else lost."""
    _know(library, ("When was the red bridge built?", ["in 1999"]))
    text = "Bridges of the north\n\nIt was put there in 1999 by Ada. Nobody knows its age.\n"
    (library.folder / "bridge.txt").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for place in ("index.searcher.READ", "chatbot.publishing.publisher.READ"):
            patch.setattr(place, 0)
        patch.setattr("chatbot.answers.answering.NEAR", 1.0)
        with pytest.raises(GateError, match="1 lost, 0 weaker"):
            publisher.publish()
    done = publisher.publish()
    assert done.published
    assert done.gate is not None
    assert (done.gate.lost, done.gate.right, done.gate.kept) == ((), 0, 0)
    (weaker,) = done.gate.weaker
    assert weaker.before.quote == "The red bridge was built in 1999 by Ada."
    now = Quoted("It was put there in 1999 by Ada.", "bridge.txt")
    assert weaker.now == now


def test_a_case_that_was_reprinted_is_kept(publisher: Publisher, library: Library) -> None:
    """The same words in another document answer as well, and the first may go."""
    _know(library, ("When was the red bridge built?", ["in 1999"]))
    text = (library.folder / "bridge.txt").read_text("utf-8")
    (library.folder / "yearbook.txt").write_text(f"{text}\nThe green bridge is new.\n", "utf-8")
    done = publisher.publish()
    assert done.gate is not None
    assert (done.gate.right, done.gate.kept) == (1, 1)
    publisher.remove("bridge.txt")
    done = publisher.publish()
    assert done.gate is not None
    assert (done.gate.right, done.gate.kept, done.gate.lost) == (1, 1, ())


def test_a_refusal_that_became_an_answer_is_lost(publisher: Publisher, library: Library) -> None:
    """Where the collection is not to say anything, what it says now is named with its document."""
    _know(library, ("When was the red bridge built?", []))
    publisher.remove("bridge.txt")
    publisher.publish()
    publisher.restore("bridge.txt")
    with pytest.raises(GateError) as caught:
        publisher.publish()
    report = caught.value.report
    assert isinstance(report, GateReport)
    (lost,) = report.lost
    assert (lost.expected, lost.before) == ((), Quoted())
    assert lost.now == Quoted("The red bridge was built in 1999 by Ada.", "bridge.txt")


def test_the_first_release_has_nothing_to_lose(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """Where nothing comparable is live, questions are asked and told, and stop nothing."""
    _know(library, ("Who sells violins?", ["Nobody"]))
    done = Publisher(library, releases, lambda: encoder).publish()
    assert done.gate is not None
    assert (done.gate.asked, done.gate.right, done.gate.right_before) == (1, 0, None)
    (library.folder / "tea.txt").unlink()
    other = FakeEncoder(identity="other@1")
    done = Publisher(library, releases, lambda: other).publish()
    assert done.gate is not None
    assert done.gate.right_before is None


def test_known_questions_are_read_by_the_reader_that_is_set(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """Loaded once for a build, asked of both releases; where nothing is known it is not loaded."""
    loaded: list[Encoder] = []

    class Refusing(SmallReader):
        def read(self, query: Query, texts: Sequence[Text]) -> Reading:
            return replace(super().read(query, texts), confidence=0.0)

    def load(encoder: Encoder) -> Reader:
        loaded.append(encoder)
        return Refusing()

    publisher = Publisher(library, published, lambda: encoder, load)
    (library.folder / "road.txt").write_bytes(ROAD)
    publisher.publish()
    assert loaded == []
    _know(library, ("When was the red bridge built?", []), ("What grows?", ["Green tea"]))
    (library.folder / "road.txt").unlink()
    done = publisher.publish()
    assert done.gate is not None
    assert (done.gate.right, done.gate.right_before, loaded) == (1, 1, [encoder])


def test_a_removed_document_stays_until_its_releases_are_pruned(publisher: Publisher) -> None:
    """Recoverable while a release holds it, gone with the last of them."""
    publisher.remove("tea.txt")
    publisher.publish()
    assert publisher.prune(2) == ([], [])
    assert publisher.removed() == ["tea.txt"]
    gone, forgotten = publisher.prune(0)
    assert (len(gone), forgotten) == (1, ["tea.txt"])
    with pytest.raises(NotFoundError):
        publisher.restore("tea.txt")


def test_damage_is_verified(publisher: Publisher, published: Releases) -> None:
    """Each release is whole or named with what is wrong."""
    live = published.live()
    publisher.add(publisher.take_file("road.txt", ROAD))
    publisher.publish()
    path = published.path(live) / "marks.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    found = publisher.verify()
    assert isinstance(found[published.live()], Inspection)
    assert isinstance(found[live], ReleaseError)
    with pytest.raises(NotFoundError, match="no such release 'nothing'"):
        publisher.verify("nothing")
