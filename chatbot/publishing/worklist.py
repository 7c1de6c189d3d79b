"""The editor's worklist: what readers asked in vain, what they voted down, what is barely answered.

Questions that mean much the same are one item. An item is done when its questions are made known or
are no work; asked again in vain, it comes back.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from chatbot.answers.answering import FOUND
from chatbot.publishing.asked_questions import BORDER, AskedQuestion, AskedQuestions
from chatbot.publishing.feedback import Reason
from corpus.errors import NotFoundError
from index.encoder.encoder import Vectors

# Half of the pairs of questions that ask the same are as alike, and one in 160 of the others,
# which ask of a kind: the price of copper, and that of steel (benchmarks/LOG.md).
ALIKE = 0.9  # cosine
MOST = 500  # questions that are grouped, the last asked; of votes, the last cast
_LARGEST = 64 * 2**20  # bytes of votes that are looked through, from the end
_VOTES = ("feedback.old.jsonl", "feedback.jsonl")  # the older log first
_DONE = "worklist.done"  # the ids of votes that are done, a line each
Kind = Literal["unanswered", "unsure", "vote"]


@dataclass(frozen=True, slots=True)
class Item:
    """Work for an editor: questions that mean the same, the most asked first, or one vote.

    `times` is how often they were asked, `first` and `last` when, in UTC; `outcome` and
    `confidence` are those of the first question. A vote has `comment`, the `citation` that is
    meant, 0 for the whole answer, and its `reason`, both texts empty where there is none.
    """

    id: str
    kind: Kind
    questions: tuple[str, ...]
    times: int
    first: str
    last: str
    outcome: str
    confidence: float = 0.0
    comment: str = ""
    citation: int = 0
    reason: str = ""

    @property
    def question(self) -> str:
        """The question that stands for all of them."""
        return self.questions[0]

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        return asdict(self)


class Worklist:
    """What is to be done for readers; safe for threads."""

    def __init__(
        self, folder: Path, days: int, encode_alike: Callable[[Sequence[str]], Vectors]
    ) -> None:
        """Take the folder of votes and questions, how long these are kept, and what encodes them.

        `encode_alike` gives unit rows; it is called for questions that it was not given before.
        """
        self.asked = AskedQuestions(folder, days)
        self._folder = folder
        self._encode = encode_alike
        self._vectors: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    def read(self) -> list[Item]:
        """Return every item, the newest first, what was asked in vain before what is unsure."""
        asked = self.asked.read()[:MOST]
        unsure = [each for each in asked if abs(each.confidence - FOUND) <= BORDER]
        vain = [each for each in asked if abs(each.confidence - FOUND) > BORDER]
        return [
            *self._group("unanswered", vain), *self._list_votes(), *self._group("unsure", unsure),
        ]  # fmt: skip

    def find(self, item_id: str) -> Item:
        """Return an item; raises NotFoundError where it is done, or was never there."""
        for item in self.read():
            if item.id == item_id:
                return item
        raise NotFoundError("this is on the worklist no longer; it was done, or is too old")

    def finish(self, item_id: str) -> Item:
        """Take an item off the list and return it; raises as `find`."""
        item = self.find(item_id)
        if item.kind == "vote":
            with self._lock, (self._folder / _DONE).open("a", encoding="ascii") as done:
                done.write(f"{item.id}\n")
        else:
            self.asked.drop(item.questions)
        return item

    def _group(self, kind: Kind, asked: Sequence[AskedQuestion]) -> Iterator[Item]:
        """Yield a group for each question that none of the newer ones is like."""
        groups: list[list[int]] = []
        rows = self._encode_new([each.question for each in asked])
        for number in range(len(asked)):
            alike = (group for group in groups if rows[group[0]] @ rows[number] >= ALIKE)
            group = next(alike, None)
            if group is None:
                groups.append([number])
            else:
                group.append(number)
        for group in groups:
            held = sorted((asked[number] for number in group), key=lambda each: -each.times)
            yield Item(
                _digest(kind, held[0].question), kind, tuple(each.question for each in held),
                sum(each.times for each in held), min(each.first for each in held),
                max(each.last for each in held), held[0].outcome, held[0].confidence,
            )  # fmt: skip

    def _encode_new(self, questions: Sequence[str]) -> list[Vectors]:
        with self._lock:
            new = [each for each in questions if each not in self._vectors]
            kept = {each: self._vectors[each] for each in questions if each in self._vectors}
            if len(self._vectors) > 2 * MOST:
                self._vectors = kept
            self._vectors |= dict(zip(new, self._encode(new), strict=True)) if new else {}
            return [self._vectors[each] for each in questions]

    def _list_votes(self) -> list[Item]:
        """Return the votes against an answer, the last first."""
        done = self._folder / _DONE
        gone = set(done.read_text("ascii").split()) if done.exists() else set()
        items = [item for line in self._read_votes() if (item := _read_vote(line)) is not None]
        return [item for item in reversed(items) if item.id not in gone][:MOST]

    def _read_votes(self) -> Iterator[bytes]:
        for name in _VOTES:
            path = self._folder / name
            if path.exists():
                with path.open("rb") as file:
                    file.seek(max(0, path.stat().st_size - _LARGEST))
                    yield from file


def _read_vote(line: bytes) -> Item | None:
    """Return a vote against an answer, None for every other line, whatever it is."""
    try:
        vote = json.loads(line)
        if vote["vote"] != "down":
            return None
        at, question, comment, citation = (
            vote[key] for key in ("at", "question", "comment", "citation")
        )
        reason = vote.get("reason", "")
        texts = (at, question, comment, vote.get("outcome", ""), reason)
        if not all(isinstance(text, str) for text in texts) or not isinstance(citation, int):
            return None
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return Item(
        _digest("vote", line.decode("utf-8", "replace")), "vote", (question,), 1, at, at,
        vote.get("outcome", ""), 0.0, comment, citation,
        reason if reason in get_args(Reason) else "",
    )  # fmt: skip


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind} {text}".encode()).hexdigest()[:12]
