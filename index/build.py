"""From the folder of documents to a published release: read, plan, encode what is new, publish.

A build starts from the live release: what has not changed since is copied, and a vector is used
again where the same words were encoded by the same model, for it or for a build that was stopped
before it was published. It writes the same bytes whether it
started from nothing or from any other release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from corpus.errors import DocumentError, LibraryError, Message, ReleaseError
from corpus.library import Library
from corpus.readers.reader_version import identify_edition
from corpus.records import CaseFacts, Document, Entry
from index.build_plan import Duplicate, Plan, find_overlaps
from index.encoder.encoder import Encoder, Progress, ignore_progress
from index.storage.ann import Reach
from index.storage.manifest import write_manifest
from index.storage.publish import Releases
from index.storage.release import Release
from index.storage.release_writer import ReleaseWriter


@dataclass(frozen=True, slots=True)
class BuildResult:
    """How a build ended: the plan, the live release, and whether it is a new one.

    `reach` is that of a search in a large collection, None where every passage is compared.
    """

    plan: Plan
    release: str
    published: bool
    reach: Reach | None = None


def ignore_plan(plan: Plan) -> None:
    """Take a plan and show nothing."""


def approve(release: Release) -> None:
    """Let a release be published whatever it answers."""


def plan(library: Library, releases: Releases, encoder: Encoder, full: bool = False) -> Plan:
    """Return what `build` would do; nothing is encoded or published; raises as `build` does."""
    with releases.draft() as folder:
        return _Build(library, releases, encoder, full, folder).plan()


def build(
    library: Library,
    releases: Releases,
    encoder: Encoder,
    *,
    full: bool = False,
    announce: Callable[[Plan], None] = ignore_plan,
    progress: Progress = ignore_progress,
    check: Callable[[Release], None] = approve,
) -> BuildResult:
    """Publish a release of what the library holds now, unless the live one already is that.

    `announce` is given the plan before anything is encoded, `progress` texts done and in all, and
    `check` the complete release: what it raises stops the build, and nothing is published; the next
    build has the vectors of what was encoded. With
    `full`, every document is read and every text encoded anew. A document that cannot be read is
    left out and named in the plan; raises DocumentError where the live release holds it,
    LibraryError where nothing can be read at all or the disk is full, and BuildLockedError where
    another build is at work.
    """
    try:
        with releases.draft() as folder:
            work = _Build(library, releases, encoder, full, folder)
            made = work.plan()
            announce(made)
            work.draft.encode(progress)
            manifest = work.draft.finish(identify_edition())
            if work.live_id == manifest.id:
                return BuildResult(made, manifest.id, published=False, reach=work.draft.reach)
            place = work.draft.folder.rename(folder / manifest.id)
            write_manifest(place, manifest)
            try:
                check(Release(place, encoder.identity, written=True))
            except BaseException:
                releases.keep_stopped(place)
                raise
            live = releases.publish(place, manifest)
            releases.drop_stopped()
            return BuildResult(made, live, published=True, reach=work.draft.reach)
    except OSError as error:
        raise LibraryError(
            "{folder}: the release cannot be written ({reason}); what was live stays live",
            folder=releases.folder,
            reason=error.strerror or error,
        ) from error


class _Build:
    """One build between its first look and its plan."""

    def __init__(
        self, library: Library, releases: Releases, encoder: Encoder, full: bool, folder: Path
    ) -> None:
        live = _open_live(releases)
        self.live_id = live.id if live else ""
        self.held = _Held(live)
        same = live is not None and live.manifest.model == encoder.identity and not full
        names = library.glossary()
        stopped = None if full else _open_stopped(releases, encoder.identity)
        self.draft = ReleaseWriter(
            folder / "release", encoder, live if same else None, stopped, names
        )
        self._library = library
        # Chunks name their company by the glossary: where that changed, they are made again.
        self._copies = (
            same
            and live is not None
            and live.manifest.edition == identify_edition()
            and live.names_alike == names
        )
        self._counts = {"kept": 0, "reused": 0, "new": 0}  # passages
        self._status: dict[str, list[str]] = {"added": [], "edited": [], "kept": []}
        self._cases: dict[str, list[str]] = {"added": [], "edited": [], "removed": []}
        self._failed: dict[str, str] = {}
        self._digests: dict[str, tuple[str, str]] = {}  # of the documents that were added
        self._titles: list[tuple[str, str]] = []  # document and title of each case of the draft

    def plan(self) -> Plan:
        """Write the records of every document into the draft and return what that means."""
        fresh: set[int] = set()
        number = 0
        try:
            names = self._library.names()
            for name in names:
                try:
                    new = self._take(name)
                except DocumentError as error:
                    self._refuse(name, error)
                    continue
                if new:
                    fresh.add(number)
                number += 1
        finally:
            self.draft.close_records()
        removed = sorted(self.held.names.keys() - set(names))
        renamed = self._match_renamed(removed)
        for name in removed:
            self._cases["removed"] += [f"{name}: {c}" for c in self.held.titles(name)]
        if not number:
            why = next(
                iter(self._failed.values()), Message("no document that Casebook reads is in it")
            )
            raise LibraryError(
                "{folder}: nothing to build from: {why}", folder=self._library.folder, why=why
            )
        if not self.draft.rows:
            raise LibraryError(
                "{folder}: no document has anything but titles in it", folder=self._library.folder
            )
        counts = self._counts
        return Plan(
            added=tuple(self._status["added"]),
            edited=tuple(self._status["edited"]),
            removed=tuple(removed),
            renamed=renamed,
            kept=tuple(self._status["kept"]),
            failed=dict(sorted(self._failed.items())),
            cases_added=tuple(self._cases["added"]),
            cases_edited=tuple(self._cases["edited"]),
            cases_removed=tuple(self._cases["removed"]),
            cases=self.draft.cases,
            passages=self.draft.rows,
            passages_kept=counts["kept"],
            passages_reused=counts["reused"],
            passages_to_encode=counts["new"],
            texts=self.draft.texts,
            to_encode=self.draft.fresh,
            duplicates=self._find_duplicates(fresh),
        )

    def _take(self, name: str) -> bool:
        """Write a document into the draft; tells whether it is new or edited."""
        held = self.held.names.get(name)
        if held is not None and self._copies and self._is_unchanged(name):
            rows = self.draft.rows
            self.draft.keep(held)
            self._titles += [(name, title) for title in self.held.titles(name)]
            self._counts["kept"] += self.draft.rows - rows
            self._status["kept"].append(name)
            return False
        entry = self._library.read(name)
        rows, new = self.draft.append(entry)
        self._titles += [(name, case.title) for case in entry.cases]
        if held is None:
            status = "added"
            self._digests[name] = entry.document.file_sha256, entry.document.facts_sha256
        else:
            same = _blank(entry.document) == _blank(self.held.document(name))
            told = {case.id: case.facts for case in entry.cases}
            status = "kept" if same and told == self.held.case_facts(name) else "edited"
        if status == "kept":
            self._counts["kept"] += rows - new
        else:
            self._counts["reused"] += rows - new
            self._compare_cases(name, entry)
        self._counts["new"] += new
        self._status[status].append(name)
        return status != "kept"

    def _is_unchanged(self, name: str) -> bool:
        return self._library.stamp(name) == _stamp(self.held.facts(name))

    def _match_renamed(self, removed: list[str]) -> dict[str, str]:
        """Take renamed files out of what was removed and added; returns old names to new ones."""
        gone = {_stamp(self.held.facts(name)): name for name in reversed(removed)}
        renamed = {}
        for name, digest in self._digests.items():
            old = gone.pop(digest, None)
            if old is not None:
                renamed[old] = name
                removed.remove(old)
                self._status["added"].remove(name)
                self._cases["added"] = [
                    case for case in self._cases["added"] if not case.startswith(f"{name}: ")
                ]
        return renamed

    def _compare_cases(self, name: str, entry: Entry) -> None:
        before = self.held.cases(name)
        facts = self.held.case_facts(name)
        for case in entry.cases:
            words = (case.title, case.company, case.text)
            told = facts.get(case.id, case.facts)
            if (before.pop(case.id, words), told) != (words, case.facts):
                self._cases["edited"].append(f"{name}: {case.title}")
            elif case.id not in self.held.case_ids:
                self._cases["added"].append(f"{name}: {case.title}")
        self._cases["removed"] += [f"{name}: {title}" for title, _, _ in before.values()]

    def _refuse(self, name: str, error: DocumentError) -> None:
        if name in self.held.names:
            raise DocumentError(
                "{error} (the live release holds it: mend the file, or take it away)", error=error
            ) from error
        self._failed[name] = error.message

    def _find_duplicates(self, fresh: set[int]) -> tuple[Duplicate, ...]:
        if not fresh:
            return ()
        marks, cases = self.draft.marks()
        owners = self.draft.list_owners()
        return tuple(
            Duplicate(
                *self._titles[found.first], *self._titles[found.second], round(found.share, 3),
                found.sentences, self.draft.sentence_text(found.sample),
            )
            for found in find_overlaps(marks, cases, owners, fresh)
        )  # fmt: skip


class _Held:
    """What the live release holds, by document name; nothing, where there is none."""

    def __init__(self, live: Release | None) -> None:
        self._live = live
        self.names: dict[str, int] = {}
        self.case_ids: set[str] = set()
        if live is None:
            return
        self._facts = [live.tables.documents[n] for n in range(len(live.tables.documents))]
        self._cases = [live.tables.cases[n] for n in range(len(live.tables.cases))]
        self.names = {record["name"]: number for number, record in enumerate(self._facts)}
        self.case_ids = {record["id"] for record in self._cases}

    def facts(self, name: str) -> Mapping[str, str]:
        """Return a document's record without its text."""
        facts: Mapping[str, str] = self._facts[self.names[name]]
        return facts

    def titles(self, name: str) -> list[str]:
        """Return the titles of a document's cases, in text order."""
        if self._live is None:
            return []
        first, last = self._live.tables.document_cases[self.names[name] :][:2].tolist()
        return [record["title"] for record in self._cases[first:last]]

    def cases(self, name: str) -> dict[str, tuple[str, str, str]]:
        """Return title, company and words of each case of a document, by id."""
        if self._live is None or name not in self.names:
            return {}
        document = self.document(name)
        first, last = self._live.tables.document_cases[self.names[name] :][:2].tolist()
        return {
            case["id"]: (case["title"], case["company"], document.text[case["start"] : case["end"]])
            for case in self._cases[first:last]
        }

    def case_facts(self, name: str) -> dict[str, CaseFacts]:
        """Return what an editor said of each case of a document, by id."""
        if self._live is None or name not in self.names:
            return {}
        first, last = self._live.tables.document_cases[self.names[name] :][:2].tolist()
        return {c["id"]: CaseFacts(**c.get("facts", {})) for c in self._cases[first:last]}

    def document(self, name: str) -> Document:
        """Return a document with its text."""
        assert self._live is not None  # noqa: S101 - who asks has the name from it
        return self._live.documents_of([self._facts[self.names[name]]["id"]])[0]


def _stamp(facts: Mapping[str, str]) -> tuple[str, str]:
    """Return the digests of a document's file and of its sidecar, from its record."""
    return facts["file_sha256"], facts["facts_sha256"]


def _blank(document: Document) -> Document:
    """Return a document without the digests of its files: the same words in another file."""
    return replace(document, file_sha256="", facts_sha256="")


def _open_live(releases: Releases) -> Release | None:
    try:
        return Release(releases.path(releases.live()))
    except ReleaseError:  # none yet, or damaged: nothing of it can be used again
        return None


def _open_stopped(releases: Releases, model: str) -> Release | None:
    folder = releases.find_stopped()
    if folder is None:
        return None
    try:
        return Release(folder, model)
    except ReleaseError:  # damaged, or another model's
        return None
