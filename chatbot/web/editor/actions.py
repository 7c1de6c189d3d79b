"""What an editor's page asks for, done by the publisher and told in one language.

Nothing that a browser sends is trusted: a document's name and a release's id go to the publisher,
which knows its own. A method raises what goes wrong; `explain` makes a sentence of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Literal

from chatbot.locales import read_file
from chatbot.locales.interface import EDITOR, count, tell
from chatbot.publishing.document_summary import list_missing
from chatbot.publishing.pending_uploads import PendingUploads, Upload
from chatbot.publishing.replacement import Replacement, compare_entries
from chatbot.web.editor.facts import Shown, correct, list_facts, list_set
from chatbot.web.editor.session import Said
from chatbot.web.error_responses import REQUEST_ID, report
from corpus.errors import CasebookError, DocumentError, NotFoundError, ReleaseError, UsageError
from corpus.glossary import Glossary
from corpus.library import LARGEST, Offer
from corpus.metadata import NOTHING, Facts, show
from corpus.records import Entry
from index.inventory import Summary

if TYPE_CHECKING:
    from chatbot.engine import Engine
    from chatbot.publishing.publisher import Publisher

_LONGEST = 2000  # characters of an address or of a search
_MOST_KEPT = 1000  # releases that `prune` may be asked to keep
Standing = Literal["live", "new", "edited", "removed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Holding:
    """A document of the collection and how it stands to the live release.

    `document` is None where it cannot be read, and `reason` says why; both are empty for one that
    was removed since.
    """

    name: str
    standing: Standing
    document: Summary | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """The documents that were looked for, of `count`, and the names that can be restored."""

    found: tuple[Holding, ...]
    count: int
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document as it will be quoted: what was read of it, its facts, and which are missing.

    `missing` has a guess for each fact, or an empty text; `given` are the facts that were set, and
    `sectors` those that the library's cases have. `number` is that of a document that waits, 0 for
    one of the library; `replaces` is there where one of its name is in the library.
    """

    name: str
    entry: Entry
    shown: Shown
    missing: Mapping[str, str]
    given: frozenset[str]
    sectors: tuple[str, ...]
    number: int = 0
    replaces: Replacement | None = None


class Actions:
    """What one language's pages may do; safe to share between sessions."""

    def __init__(self, publisher: Publisher, engine: Engine, language: str) -> None:
        """Take the publisher, and the engine that says what is live."""
        self.publisher = publisher
        self.engine = engine
        self.language = language
        self.words = EDITOR[language]

    def explain(self, error: Exception) -> str:
        """Return one sentence for whatever went wrong; what is foreign is logged, not told."""
        if isinstance(error, DocumentError | UsageError):  # the editor's to mend, and not ours
            return tell(error.message, self.language)
        report(error)
        if isinstance(error, CasebookError):
            return tell(error.message, self.language)
        return self.words["internal"].format(request=REQUEST_ID.get())

    def take_files(
        self, pending: PendingUploads, files: Iterable[tuple[str, IO[bytes]]], left: Sequence[str]
    ) -> tuple[Said, int]:
        """Keep files waiting, each with a line where it cannot be read; returns the first's number.

        `left` are the names of those that came beyond the most at once.
        """
        taken: list[Upload] = []
        problems: list[str] = []
        for given, file in files:
            name = show(given[-200:])
            try:
                file.seek(0)
                offer = self.publisher.take_file(given, file.read(LARGEST + 1))
                taken.append(self._put(pending, offer))
            except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
                line = self.explain(error)
                problems.append(line if name in line else f"{name}: {line}")
        problems += [self.words["too_many"].format(name=show(name[-200:])) for name in left]
        told = (("taken", len(taken)), ("not_taken", len(problems)))
        line = self.join([count(key, number, self.language) for key, number in told if number])
        said = Said(line, "trouble" if problems else "done", tuple(problems))
        return said, taken[0].number if taken else 0

    def take_address(self, pending: PendingUploads, address: str) -> tuple[Said, int]:
        """Fetch an address and keep it waiting; returns its number."""
        upload = self._put(pending, self.publisher.take_address(address.strip()[:_LONGEST]))
        return Said(self.words["taken_one"]), upload.number

    def show_waiting(self, pending: PendingUploads, number: int) -> Sheet:
        """Return a waiting document as it will be quoted, beside one that it takes the place of.

        As when it is added, what was said of that one holds where nothing else is said.
        """
        upload = pending.get(number)
        held, facts = self._read_held(pending, upload.name)
        facts = upload.facts.over(facts)
        entry = self._read(pending, replace(_offer(upload), facts=facts))
        sheet = self._lay_out(upload.name, entry, facts, number)
        return replace(sheet, replaces=compare_entries(held, entry)) if held else sheet

    def correct_waiting(
        self, pending: PendingUploads, number: int, shown: Shown, given: Shown, case: str = ""
    ) -> None:
        """Keep what an editor corrected of a waiting document, or of the case of a title."""
        upload = pending.get(number)
        facts = correct(upload.name, upload.facts, shown, given, case)
        if facts != upload.facts:
            entry = self._read(pending, replace(_offer(upload), facts=facts))
            pending.change(number, facts, entry)

    def put_away(self, pending: PendingUploads, number: int) -> Said:
        """Put a waiting document away."""
        name = pending.get(number).name
        pending.drop(number)
        return Said(self.words["put_away_done"].format(name=name))

    def add(self, pending: PendingUploads, numbers: Sequence[int]) -> Said:
        """Add waiting documents to the library; the ones that cannot be added stay."""
        lines: list[str] = []
        problems: list[str] = []
        for number in numbers:
            try:
                with pending.turn():
                    made = self.publisher.add(_offer(pending.get(number)))
            except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
                problems.append(self.explain(error))
                continue
            pending.drop(number)
            lines.append(self.words[made.action].format(name=made.name))
            lines += [tell(made.note, self.language)] if made.note else []
        if lines:
            lines.append(self.words["publish_next"])
        return Said(self.join(lines), "trouble" if problems else "done", tuple(problems))

    def search(self, search: str = "") -> Collection:
        """Return what the library holds and the live release held, by name."""
        documents, failed = self.publisher.documents()
        live = self._list_live()
        holdings = [Holding(name, "unreadable", reason=reason) for name, reason in failed.items()]
        for document in documents:
            stamp = live.get(document.name)
            standing: Standing = "new" if stamp is None else "live"
            if stamp not in (None, (document.file_sha256, document.facts_sha256)):
                standing = "edited"
            holdings.append(Holding(document.name, standing, document))
        names = {holding.name for holding in holdings}
        holdings += [Holding(name, "removed") for name in live.keys() - names]
        found = [each for each in holdings if _matches(each, search[:_LONGEST])]
        found.sort(key=lambda holding: holding.name)
        removed = [name for name in self.publisher.removed() if name not in names]
        return Collection(tuple(found), len(holdings), tuple(removed))

    def list_unpublished(self) -> dict[Standing, list[str]]:
        """Return the names of the documents that are not as readers are answered from, by how."""
        kinds: tuple[Standing, ...] = ("new", "edited", "removed", "unreadable")
        found = self.search().found
        named = {kind: [each.name for each in found if each.standing == kind] for kind in kinds}
        return {kind: names for kind, names in named.items() if names}

    def show_held(self, name: str) -> Sheet:
        """Return a document of the library as it will be quoted; raises NotFoundError for none."""
        library = self.publisher.library
        if name not in library.names():
            raise NotFoundError(self.words["no_document"])
        return self._lay_out(name, library.read(name), library.facts(name))

    def describe(self, name: str, shown: Shown, given: Shown, case: str = "") -> Said:
        """Correct the facts of a document in the library, or those of the case of a title."""
        facts = correct(name, self.publisher.library.facts(name), shown, given, case)
        made = self.publisher.describe(name, facts)
        key = "saved" if made.action != "unchanged" else "not_changed"
        return Said(self.words[key].format(name=made.name))

    def remove(self, name: str) -> Said:
        """Take a document out of the library."""
        self.publisher.remove(name)
        return Said(self.words["removed"].format(name=name))

    def restore(self, name: str) -> Said:
        """Bring a removed document back."""
        self.publisher.restore(name)
        return Said(self.words["restored"].format(name=name))

    def rollback(self, release_id: str) -> Said:
        """Make a release live."""
        if not release_id:
            raise NotFoundError("no release is named: reload the page")
        made = self.publisher.rollback(release_id)
        return Said(self.words["rolled_back"].format(release=made))

    def verify(self) -> Said:
        """Check every byte of every release; what is damaged is a problem each."""
        found = self.publisher.verify()
        damaged = [str(what) for what in found.values() if isinstance(what, ReleaseError)]
        line = count("verified", len(found) - len(damaged), self.language)
        return Said(line, "trouble" if damaged else "done", tuple(damaged))

    def prune(self, keep: str) -> Said:
        """Delete old releases but for as many as are kept beside the live one."""
        if not keep.isascii() or not keep.isdigit() or int(keep[:9]) > _MOST_KEPT:
            raise UsageError(
                "{count} releases cannot be kept: say 0 to {most}",
                count=repr(keep[:20]),
                most=_MOST_KEPT,
            )
        gone, forgotten = self.publisher.prune(int(keep))
        told = (("pruned", len(gone)), ("forgotten", len(forgotten)))
        return Said(self.join([count(key, number, self.language) for key, number in told]))

    def join(self, sentences: Sequence[str]) -> str:
        """Return sentences as one line; in some languages no blank stands between them."""
        return str(read_file(self.language)["between"]).join(sentences)

    def warn(self) -> tuple[list[str], bool]:
        """Return what is wrong with the releases, a line each, and whether the live one is."""
        status = self.engine.status()
        damaged = [info for info in self.publisher.releases() if info.damage]
        lines = [info.damage for info in damaged] + [status.message] * bool(status.refused)
        live = bool(status.refused) or any(info.live for info in damaged)
        return list(dict.fromkeys(lines)), live

    def _put(self, pending: PendingUploads, offer: Offer) -> Upload:
        return pending.put(offer, self._read(pending, offer))

    def _read(self, pending: PendingUploads, offer: Offer) -> Entry:
        with pending.turn():
            return self.publisher.preview(offer)

    def _read_held(self, pending: PendingUploads, name: str) -> tuple[Entry | None, Facts]:
        """Return the document of this name and what is said of it; None where none can be read."""
        library = self.publisher.library
        try:
            with pending.turn():
                return library.read(name), library.facts(name)
        except (DocumentError, NotFoundError):
            return None, NOTHING

    def _lay_out(self, name: str, entry: Entry, facts: Facts, number: int = 0) -> Sheet:
        library = self.publisher.library
        missing = list_missing(entry, Glossary(library.glossary()))
        shown, given = list_facts(entry, facts, self.language), list_set(facts)
        return Sheet(name, entry, shown, missing, given, library.sectors(), number)

    def _list_live(self) -> dict[str, tuple[str, str]]:
        """Return the documents that readers are answered from, each with its files' digests."""
        try:
            documents = [entry.document for entry in self.engine.cases().entries]
        except CasebookError:  # nothing is published yet, or nothing can be served
            return {}
        return {each.name: (each.file_sha256, each.facts_sha256) for each in documents}


def _offer(upload: Upload) -> Offer:
    try:
        return Offer(upload.name, upload.path.read_bytes(), upload.facts)
    except FileNotFoundError as error:
        raise NotFoundError(
            "{name}: waits no longer; choose the file again", name=upload.name
        ) from error


def _matches(holding: Holding, search: str) -> bool:
    words = [holding.name]
    if holding.document is not None:
        words.append(holding.document.title)
        words += [f"{case.company} {case.title}" for case in holding.document.cases]
    return search.strip().casefold() in "\n".join(words).casefold()
