"""What an editor's page asks for, done by the publisher and told as HTML.

Nothing that a browser sends is trusted: a document's name and a release's id go to the publisher,
which knows its own, and an upload's path is looked at before it is read. A method raises what goes
wrong; `explain` makes a sentence of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.locales.interface import EDITOR, count
from chatbot.publishing.pending_uploads import PendingUploads, Upload
from chatbot.web.editor.access import LARGEST_FILE, MOST_FILES
from chatbot.web.editor.fragments.documents import (
    Holding,
    Kind,
    Standing,
    render_alarm,
    render_collection,
    render_line,
    render_problems,
)
from chatbot.web.editor.fragments.preview import render_drafts, render_proof
from chatbot.web.error_responses import REQUEST_ID, report
from corpus.errors import CasebookError, DocumentError, NotFoundError, UsageError
from corpus.files import read_file
from corpus.library import Offer
from corpus.metadata import Facts, check_facts, show
from corpus.records import Entry

if TYPE_CHECKING:
    from chatbot.engine import Engine
    from chatbot.publishing.publisher import Publisher

FIELDS = ("title", "company", "published", "url")  # the facts that the page shows
_LONGEST = 2000  # characters of an address or of a search
Shown = dict[str, str]
_BROKEN_OFF = 3600  # seconds after which an upload goes on no more
BLANK: Shown = dict.fromkeys(FIELDS, "")


@dataclass(frozen=True, slots=True)
class Desktop:
    """What the page for adding shows: a line, the list, and the document that is looked at.

    `number` is 0 where none is, `shown` its facts as they stand.
    """

    said: str
    uploads: str
    number: int
    shown: Shown
    proof: str
    count: int


class Actions:
    """What one language's page may do; safe to share between sessions."""

    def __init__(self, publisher: Publisher, engine: Engine, uploads: Path, language: str) -> None:
        """Take the publisher, the engine that says what is live, and the folder of uploads."""
        self.publisher = publisher
        self._engine = engine
        self._uploads = uploads
        self.language = language
        self.words = EDITOR[language]

    def explain(self, error: Exception) -> str:
        """Return one sentence for whatever went wrong; what is foreign is logged, not told."""
        if isinstance(error, DocumentError | UsageError):  # the editor's to mend, and not ours
            return str(error)
        _, _, line = report(error)
        if isinstance(error, CasebookError):
            return line
        return self.words["internal"].format(request=REQUEST_ID.get())

    def take_files(self, pending: PendingUploads, files: Sequence[Mapping[str, object]]) -> Desktop:
        """Keep uploads waiting, each with a line where it cannot be read, and look at one."""
        self._sweep()
        taken: list[Upload] = []
        problems: list[str] = []
        for number, file in enumerate(files):
            name = show(str(file.get("orig_name") or Path(str(file.get("path"))).name)[-200:])
            try:
                data = self._receive(str(file.get("path")), name)
                if number >= MOST_FILES:
                    raise DocumentError(f"{name}: {MOST_FILES} files at once are the most")
                taken.append(self._put(pending, self.publisher.take_file(name, data)))
            except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
                line = self.explain(error)
                problems.append(line if name in line else f"{name}: {line}")
        told = (("taken", len(taken)), ("not_taken", len(problems)))
        said = [count(key, number, self.language) for key, number in told if number]
        kind: Kind = "trouble" if problems else "done"
        line = render_line(" ".join(said), kind) + render_problems(problems, self.language)
        return self.look(pending, taken[0].number if taken else 0, line)

    def take_address(self, pending: PendingUploads, address: str) -> Desktop:
        """Fetch an address, keep it waiting and look at it."""
        upload = self._put(pending, self.publisher.take_address(address.strip()[:_LONGEST]))
        line = render_line(self.words["taken_one"], "done")
        return self.look(pending, upload.number, line)

    def look(self, pending: PendingUploads, number: int, said: str = "") -> Desktop:
        """Show a waiting document as it will be quoted, the first where there is no such."""
        uploads = pending.list()
        if uploads and number not in {upload.number for upload in uploads}:
            number = uploads[0].number
        if not uploads:
            return Desktop(said, render_drafts((), 0, self.language), 0, BLANK, "", 0)
        upload = pending.get(number)
        entry = self._read(pending, _offer(upload))
        return Desktop(
            said,
            render_drafts(uploads, number, self.language),
            number,
            list_facts(entry, upload.facts),
            render_proof(entry, self.language),
            len(uploads),
        )

    def keep(self, pending: PendingUploads, number: int, shown: Shown, given: Shown) -> None:
        """Keep what an editor corrected of a waiting document."""
        upload = pending.get(number)
        facts = correct(upload.name, upload.facts, shown, given)
        if facts != upload.facts:
            entry = self._read(pending, replace(_offer(upload), facts=facts))
            pending.change(number, facts, entry)

    def put_away(self, pending: PendingUploads, number: int, current: int) -> Desktop:
        """Put a waiting document away."""
        name = pending.get(number).name
        pending.drop(number)
        said = render_line(self.words["put_away_done"].format(name=name), "done")
        return self.look(pending, current, said)

    def add(self, pending: PendingUploads, numbers: Sequence[int]) -> Desktop:
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
            lines += [made.note] if made.note else []
        if lines:
            lines.append(self.words["publish_next"])
        said = render_line(" ".join(lines), "done") + render_problems(problems, self.language)
        return self.look(pending, numbers[0] if problems else 0, said)

    def list(self, search: str = "") -> str:
        """Return the table of the collection: what the library holds and the live release held."""
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
        return render_collection(found, removed, len(holdings), self.language)

    def show_facts(self, name: str) -> Shown:
        """Return the facts of a document of the library as they stand."""
        return list_facts(self.publisher.library.read(name), self.publisher.library.facts(name))

    def describe(self, name: str, shown: Shown, given: Shown) -> str:
        """Correct a document's facts in the library; returns the line that says so."""
        facts = correct(name, self.publisher.library.facts(name), shown, given)
        made = self.publisher.describe(name, facts)
        key = "saved" if made.action != "unchanged" else "not_changed"
        return render_line(self.words[key].format(name=made.name), "done")

    def remove(self, name: str) -> str:
        """Take a document out of the library; returns the line that says so."""
        self.publisher.remove(name)
        return render_line(self.words["removed"].format(name=name), "done")

    def restore(self, name: str) -> str:
        """Bring a removed document back; returns the line that says so."""
        self.publisher.restore(name)
        return render_line(self.words["restored"].format(name=name), "done")

    def rollback(self, release_id: str) -> str:
        """Make a release live; returns the line that says so."""
        if not release_id:
            raise NotFoundError("no release is named: reload the page")
        made = self.publisher.rollback(release_id)
        return render_line(self.words["rolled_back"].format(release=made), "done")

    def warn(self) -> str:
        """Return the warning that stands over the whole page, empty where all is well."""
        status = self._engine.status()
        return render_alarm(
            self.publisher.releases(), status.message if status.refused else "", self.language
        )

    def _receive(self, path: str, name: str) -> bytes:
        """Return an upload's bytes and take it off the disk; reads no other file.

        An upload lies in a folder named by its digest, in the folder of uploads.
        """
        place = Path(path)
        if place.parent.parent != self._uploads or ".." in place.parts or "\0" in path:
            raise DocumentError(f"{name}: not uploaded by this page; choose the file again")
        try:
            return read_file(place, name, LARGEST_FILE, self._uploads)
        except FileNotFoundError as error:
            raise DocumentError(f"{name}: the upload is gone; choose the file again") from error
        finally:
            with suppress(OSError):
                place.unlink()
                place.parent.rmdir()

    def _sweep(self) -> None:
        """Remove what is left of uploads that were broken off."""
        for left in self._uploads.iterdir():
            with suppress(OSError):
                if left.is_file() and time.time() - left.stat().st_mtime > _BROKEN_OFF:
                    left.unlink()

    def _put(self, pending: PendingUploads, offer: Offer) -> Upload:
        return pending.put(offer, self._read(pending, offer))

    def _read(self, pending: PendingUploads, offer: Offer) -> Entry:
        with pending.turn():
            return self.publisher.preview(offer)

    def _list_live(self) -> dict[str, tuple[str, str]]:
        """Return the documents that readers are answered from, each with its files' digests."""
        try:
            documents = [entry.document for entry in self._engine.cases().entries]
        except CasebookError:  # nothing is published yet, or nothing can be served
            return {}
        return {each.name: (each.file_sha256, each.facts_sha256) for each in documents}


def list_facts(entry: Entry, facts: Facts) -> Shown:
    """Return the facts that hold for a document: as they were said, or as its text says them."""
    document = entry.document
    company = entry.cases[0].company if len(entry.cases) == 1 else facts.company
    return {
        "title": document.title,
        "company": company,
        "published": document.published,
        "url": document.url,
    }


def correct(name: str, facts: Facts, shown: Shown, given: Shown) -> Facts:
    """Return facts with what an editor changed of the shown ones, and nothing else.

    Raises DocumentError, naming the document and the mend, where a value has not its form.
    """
    changed = {key: given[key].strip() for key in FIELDS if given[key].strip() != shown[key]}
    return check_facts({**asdict(facts), **changed}, name)


def _offer(upload: Upload) -> Offer:
    try:
        return Offer(upload.name, upload.path.read_bytes(), upload.facts)
    except FileNotFoundError as error:
        raise NotFoundError(f"{upload.name}: waits no longer; choose the file again") from error


def _matches(holding: Holding, search: str) -> bool:
    words = [holding.name]
    if holding.document is not None:
        words.append(holding.document.title)
        words += [f"{case.company} {case.title}" for case in holding.document.cases]
    return search.strip().casefold() in "\n".join(words).casefold()
