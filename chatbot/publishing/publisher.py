"""What an editor does: documents in and out, what would change, publishing and going back.

The verbs and the editor's page both work through it, so that what one shows is what the other does.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.answers.answering import answer
from chatbot.evaluation.regression_questions import (
    Ask,
    GateReport,
    HandedPassage,
    Outcome,
    Question,
    compare,
    read_questions,
)
from chatbot.publishing.known_questions import drop_question, keep_question
from corpus.errors import DocumentError, GateError, NotFoundError, ReleaseError
from corpus.files import read_file
from corpus.library import LARGEST, QUESTIONS, Added, Library, Offer
from corpus.metadata import NOTHING, SIDECAR, Facts, read_facts, show
from corpus.names import make_name
from corpus.readers import PACKED, suffix_for
from corpus.readers.encoding import mark
from corpus.records import Entry
from index import build
from index.build import ignore_plan
from index.build_plan import Plan
from index.encoder.encoder import Encoder, Progress, Vectors, ignore_progress
from index.inventory import Summary, list_holdings
from index.reader.protocol import Reader
from index.searcher import READ, Searcher
from index.storage.ann import Reach
from index.storage.manifest import check_model
from index.storage.publish import ReleaseInfo, Releases
from index.storage.release import Release
from index.storage.verify import Inspection, inspect


@dataclass(frozen=True, slots=True)
class Publication:
    """How publishing ended: the plan, the live release, whether it is a new one, what it answers.

    `gate` is None where nothing was published or no question is known, `reach` where a search reads
    every passage.
    """

    plan: Plan
    release: str
    published: bool
    gate: GateReport | None
    reach: Reach | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as data."""
        gate = self.gate.to_json() if self.gate else None
        return {
            "release": self.release,
            "published": self.published,
            "plan": self.plan.to_json(),
            "gate": gate,
            "reach": asdict(self.reach) if self.reach else None,
        }


class Publisher:
    """What an editor does with the library and the releases; safe to share between threads."""

    def __init__(
        self,
        library: Library,
        releases: Releases,
        load_encoder: Callable[[], Encoder],
        load_reader: Callable[[Encoder], Reader] | None = None,
    ) -> None:
        """Take the documents, the releases, and the ways to load encoder and reader.

        Without the last, the reader that fits the encoder reads.
        """
        self.library = library
        self._releases = releases
        self._load_encoder = load_encoder
        self._load_reader = load_reader

    def take_file(self, name: str, data: bytes, facts: Facts = NOTHING) -> Offer:
        """Return a file as an offer under a safe name.

        `name` may come from anywhere and may have folders in it, of which the last part counts.
        Raises DocumentError, naming the file and the mend, where it cannot be read.
        """
        shown = show(name[-200:])
        if len(data) > LARGEST:
            size = f"{len(data) / 2**20:.0f} MiB"
            raise DocumentError(
                "{name}: {size}, and {most} are the most; split it",
                name=shown,
                size=size,
                most=LARGEST // 2**20,
            )
        return Offer(make_name(name, suffix_for(data, shown)), data, facts)

    def take_path(self, path: Path, facts: Facts = NOTHING) -> Iterator[Offer | DocumentError]:
        """Yield an offer for a file, or for each file below a folder; what cannot be had as error.

        A sidecar beside a file is read with it. Names below a folder keep their folders; hidden
        files, sidecars and `README.*` are passed over, every other file is offered or named.
        """
        if not path.is_dir():
            yield self._take_one(path, path.name, None, facts)
            return
        for place, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in sorted(files):
                one = Path(place, file)
                beside = file.endswith(SIDECAR) and file.removesuffix(SIDECAR) in files
                hidden = file.startswith(".") or file.split(".")[0].lower() == "readme"
                if not (beside or hidden):
                    yield self._take_one(one, one.relative_to(path).as_posix(), path, facts)

    def take_address(self, address: str, facts: Facts = NOTHING, private: bool = False) -> Offer:
        """Fetch a web address as an offer; its address is kept as the document's.

        `private` allows addresses of this machine and of private networks, which a web page may
        never ask for. Raises DocumentError with the reason.
        """
        from corpus.fetching.fetch import fetch  # its libraries are for the few that add an address

        page = fetch(address, private)
        suffix = suffix_for(page.data, page.name)
        name = make_name(page.name, suffix)
        if self._stands_elsewhere(name, page.address):
            digest = hashlib.sha256(page.address.encode("utf-8")).hexdigest()[:8]
            name = make_name(f"{page.name}-{digest}", suffix)
        packed = suffix in PACKED
        data = page.data if packed else mark(page.data, page.charset)
        return Offer(name, data, facts.over(Facts(url=page.address)))

    def preview(self, offer: Offer) -> Entry:
        """Return the document of an offer with its cases and passages, as they will be quoted."""
        return self.library.preview(offer)

    def add(self, offer: Offer) -> Added:
        """Put an offer into the library; see Library.add."""
        return self.library.add(offer)

    def describe(self, name: str, facts: Facts) -> Added:
        """Correct a document's facts; see Library.describe."""
        return self.library.describe(name, facts)

    def remove(self, name: str) -> None:
        """Take a document out; see Library.remove."""
        self.library.remove(name)

    def restore(self, name: str) -> None:
        """Bring a removed document back; see Library.restore."""
        self.library.restore(name)

    def removed(self) -> list[str]:
        """Return the names that can be restored."""
        return self.library.removed()

    def documents(self) -> tuple[list[Summary], dict[str, str]]:
        """Return what the library holds, by name, and why the others cannot be read."""
        return list_holdings(self.library, self._releases)

    def questions(self) -> list[Question]:
        """Return the known questions, in the file's order; raises DocumentError, naming a line."""
        return read_questions(self.library.folder / QUESTIONS)

    def keep_question(self, question: Question) -> None:
        """Put a known question in, in place of the one that asks the same."""
        keep_question(self.library.folder / QUESTIONS, question)

    def drop_question(self, question: str) -> None:
        """Take a known question out; raises NotFoundError where there is no such."""
        drop_question(self.library.folder / QUESTIONS, question)

    def encode_alike(self, texts: Sequence[str]) -> Vectors:
        """Return (n, d) float32 unit rows of texts that are compared with each other, in order."""
        return self._load_encoder().encode_alike(texts)

    def plan(self, full: bool = False) -> Plan:
        """Return what `publish` would do to documents, cases and passages; changes nothing."""
        return build.plan(self.library, self._releases, self._load_encoder(), full)

    def publish(
        self,
        accept: bool = False,
        full: bool = False,
        announce: Callable[[Plan], None] = ignore_plan,
        progress: Progress = ignore_progress,
        asking: Progress = ignore_progress,
    ) -> Publication:
        """Build and publish what the library holds, unless answers of the live release are lost.

        The questions of `questions.jsonl` are asked of both. Raises GateError, with the report, if
        one that was answered rightly is lost, see GateReport, unless `accept`; what
        `index.build.build` raises besides. `progress` is told texts encoded and in all, `asking`
        questions.
        """
        questions = self.questions()
        encoder = self._load_encoder()
        reports: list[GateReport] = []

        def check(release: Release) -> None:
            if not questions:
                return
            report = self._ask_known(questions, release, encoder, asking)
            reports.append(report)
            if report.lost and not accept:
                raise GateError(
                    f"nothing is published: of {report.right_before} known questions that were "
                    f"right, {len(report.lost)} lost, {len(report.weaker)} weaker, {report.kept} "
                    "kept; mend the documents, or accept it (--accept)",
                    report,
                )

        outcome = build.build(
            self.library,
            self._releases,
            encoder,
            full=full,
            announce=announce,
            progress=progress,
            check=check,
        )
        gate = reports[0] if reports else None
        return Publication(outcome.plan, outcome.release, outcome.published, gate, outcome.reach)

    def releases(self) -> list[ReleaseInfo]:
        """Return every release, the last published first."""
        return self._releases.all()

    def rollback(self, release_id: str = "") -> str:
        """Make an earlier release live at once and return its id; see Releases.rollback."""
        return self._releases.rollback(release_id)

    def verify(self, release_id: str = "") -> dict[str, Inspection | ReleaseError]:
        """Check every byte and every span of a release, or of all; what is damaged as its error.

        Raises NotFoundError where there is no such release.
        """
        ids = [info.id for info in self._releases.all()]
        if release_id:
            if release_id not in ids:
                raise NotFoundError(
                    "no such release {release}: see `releases`", release=repr(release_id[:40])
                )
            ids = [release_id]
        found: dict[str, Inspection | ReleaseError] = {}
        for each in ids:
            try:
                found[each] = inspect(self._releases.path(each))
            except ReleaseError as error:
                found[each] = error
        return found

    def prune(self, keep: int) -> tuple[list[str], list[str]]:
        """Delete old releases, and the removed documents that none of the others holds.

        Returns the ids and the names. Raises what Releases.prune does, and CorruptReleaseError
        where it cannot be told what a release that stays holds.
        """
        gone = self._releases.prune(keep)
        held = set()
        for info in self._releases.all():
            held |= {document.file_sha256 for document in self._open(info.id).documents()}
        return gone, self.library.forget(held)

    def _open(self, release_id: str) -> Release:
        return Release(self._releases.path(release_id))

    def _take_one(
        self, path: Path, name: str, within: Path | None, facts: Facts
    ) -> Offer | DocumentError:
        shown = show(name)
        try:
            data = read_file(path, shown, LARGEST, within)
            offer = self.take_file(name, data, facts.over(self._read_beside(path, shown, within)))
            folder = "/".join(make_name(part, "") for part in name.split("/")[:-1])
        except FileNotFoundError:
            return DocumentError("{name}: no such file; check the path", name=show(str(path)))
        except DocumentError as error:
            return error
        return replace(offer, name=f"{folder}/{offer.name}") if folder else offer

    def _stands_elsewhere(self, name: str, address: str) -> bool:
        """Tell whether a document of this name came from another address: not to be replaced."""
        try:
            return self.library.facts(name).url not in ("", address)
        except DocumentError:  # there is none
            return False

    def _read_beside(self, path: Path, shown: str, within: Path | None) -> Facts:
        beside = path.with_name(path.name + SIDECAR)
        try:
            return read_facts(read_file(beside, shown + SIDECAR, 2**20, within), shown + SIDECAR)
        except FileNotFoundError:
            return NOTHING

    def _ask_known(
        self, questions: list[Question], release: Release, encoder: Encoder, asking: Progress
    ) -> GateReport:
        before: Ask | None = None
        reader = self._load_reader(encoder) if self._load_reader else None
        try:
            live = self._open(self._releases.live())
            check_model(live.manifest, encoder.identity)
            before = ask_of(live, encoder, reader)
        except ReleaseError:  # none yet, damaged, or another model's: nothing to compare with
            pass
        return compare(questions, before, ask_of(release, encoder, reader), asking)


def ask_of(release: Release, encoder: Encoder, reader: Reader | None = None) -> Ask:
    """Return what asks a release a known question, as the gate does.

    Without a reader, the one that fits the encoder reads.
    """
    searcher = Searcher(release, encoder, reader)

    def hand_over(question: str) -> Iterator[HandedPassage]:
        """Give the passages of the chunks handed over, among which a refused answer may stand."""
        for text in searcher.find(searcher.parse(question), READ):
            for passage in text.passages:
                yield HandedPassage(text.document.name, passage.text)

    def ask(question: str) -> Outcome:
        made = answer(release, lambda: searcher, question)
        return Outcome(made, hand_over(question))  # searched only where it is read

    return ask
