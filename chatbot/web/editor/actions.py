"""The clerk: what an editor's page asks for, done at the desk and told as HTML.

Nothing that a browser sends is trusted: a document's name and a release's id go to the desk, which
knows its own, and an upload's path is looked at before it is read. A method raises what goes wrong;
`explain` makes a sentence of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.locales.interface import EDITOR, count
from chatbot.publishing.pending_uploads import Draft, Tray
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
    from chatbot.publishing.publisher import Desk

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
    drafts: str
    number: int
    shown: Shown
    proof: str
    count: int


class Clerk:
    """One language's clerk at the desk; safe to share between sessions."""

    def __init__(self, desk: Desk, engine: Engine, uploads: Path, language: str) -> None:
        """Take the desk, the engine that says what is live, and the folder of uploads."""
        self.desk = desk
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

    def take_files(self, tray: Tray, files: Sequence[Mapping[str, object]]) -> Desktop:
        """Lay uploads on the tray, each with a line where it cannot be read, and look at one."""
        self._sweep()
        taken: list[Draft] = []
        problems: list[str] = []
        for number, file in enumerate(files):
            name = show(str(file.get("orig_name") or Path(str(file.get("path"))).name)[-200:])
            try:
                data = self._receive(str(file.get("path")), name)
                if number >= MOST_FILES:
                    raise DocumentError(f"{name}: {MOST_FILES} files at once are the most")
                taken.append(self._put(tray, self.desk.take_file(name, data)))
            except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
                line = self.explain(error)
                problems.append(line if name in line else f"{name}: {line}")
        told = (("taken", len(taken)), ("not_taken", len(problems)))
        said = [count(key, number, self.language) for key, number in told if number]
        kind: Kind = "trouble" if problems else "done"
        line = render_line(" ".join(said), kind) + render_problems(problems, self.language)
        return self.look(tray, taken[0].number if taken else 0, line)

    def take_address(self, tray: Tray, address: str) -> Desktop:
        """Fetch an address, lay it on the tray and look at it."""
        draft = self._put(tray, self.desk.take_address(address.strip()[:_LONGEST]))
        line = render_line(self.words["taken_one"], "done")
        return self.look(tray, draft.number, line)

    def look(self, tray: Tray, number: int, said: str = "") -> Desktop:
        """Show a document of the tray as it will be quoted, the first where there is no such."""
        drafts = tray.list()
        if drafts and number not in {draft.number for draft in drafts}:
            number = drafts[0].number
        if not drafts:
            return Desktop(said, render_drafts((), 0, self.language), 0, BLANK, "", 0)
        draft = tray.get(number)
        entry = self.desk.preview(_offer(draft))
        return Desktop(
            said,
            render_drafts(drafts, number, self.language),
            number,
            list_facts(entry, draft.facts),
            render_proof(entry, self.language),
            len(drafts),
        )

    def keep(self, tray: Tray, number: int, shown: Shown, given: Shown) -> None:
        """Keep what an editor corrected of a document on the tray."""
        draft = tray.get(number)
        facts = correct(draft.name, draft.facts, shown, given)
        if facts != draft.facts:
            entry = self.desk.preview(replace(_offer(draft), facts=facts))
            tray.change(number, facts, entry)

    def put_away(self, tray: Tray, number: int, current: int) -> Desktop:
        """Take a document off the tray."""
        name = tray.get(number).name
        tray.drop(number)
        said = render_line(self.words["put_away_done"].format(name=name), "done")
        return self.look(tray, current, said)

    def add(self, tray: Tray, numbers: Sequence[int]) -> Desktop:
        """Add documents of the tray to the library; the ones that cannot be added stay."""
        lines: list[str] = []
        problems: list[str] = []
        for number in numbers:
            try:
                made = self.desk.add(_offer(tray.get(number)))
            except Exception as error:  # noqa: BLE001 - one bad file does not stop the others
                problems.append(self.explain(error))
                continue
            tray.drop(number)
            lines.append(self.words[made.action].format(name=made.name))
            lines += [made.note] if made.note else []
        if lines:
            lines.append(self.words["publish_next"])
        said = render_line(" ".join(lines), "done") + render_problems(problems, self.language)
        return self.look(tray, numbers[0] if problems else 0, said)

    def list(self, search: str = "") -> str:
        """Return the table of the collection: what the library holds and the live release held."""
        documents, failed = self.desk.documents()
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
        removed = [name for name in self.desk.removed() if name not in names]
        return render_collection(found, removed, len(holdings), self.language)

    def show_facts(self, name: str) -> Shown:
        """Return the facts of a document of the library as they stand."""
        return list_facts(self.desk.library.read(name), self.desk.library.facts(name))

    def describe(self, name: str, shown: Shown, given: Shown) -> str:
        """Correct a document's facts in the library; returns the line that says so."""
        facts = correct(name, self.desk.library.facts(name), shown, given)
        made = self.desk.describe(name, facts)
        key = "saved" if made.action != "unchanged" else "not_changed"
        return render_line(self.words[key].format(name=made.name), "done")

    def remove(self, name: str) -> str:
        """Take a document out of the library; returns the line that says so."""
        self.desk.remove(name)
        return render_line(self.words["removed"].format(name=name), "done")

    def restore(self, name: str) -> str:
        """Bring a removed document back; returns the line that says so."""
        self.desk.restore(name)
        return render_line(self.words["restored"].format(name=name), "done")

    def rollback(self, release_id: str) -> str:
        """Make a release live; returns the line that says so."""
        if not release_id:
            raise NotFoundError("no release is named: reload the page")
        made = self.desk.rollback(release_id)
        return render_line(self.words["rolled_back"].format(release=made), "done")

    def warn(self) -> str:
        """Return the warning that stands over the whole page, empty where all is well."""
        status = self._engine.status()
        return render_alarm(
            self.desk.releases(), status.message if status.refused else "", self.language
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

    def _put(self, tray: Tray, offer: Offer) -> Draft:
        return tray.put(offer, self.desk.preview(offer))

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


def _offer(draft: Draft) -> Offer:
    try:
        return Offer(draft.name, draft.path.read_bytes(), draft.facts)
    except FileNotFoundError as error:
        raise NotFoundError(f"{draft.name}: waits no longer; choose the file again") from error


def _matches(holding: Holding, search: str) -> bool:
    words = [holding.name]
    if holding.document is not None:
        words.append(holding.document.title)
        words += [f"{case.company} {case.title}" for case in holding.document.cases]
    return search.strip().casefold() in "\n".join(words).casefold()
