"""index.build: what is planned, what is encoded, what is published."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from corpus.errors import (
    BuildLockedError,
    DocumentError,
    GateError,
    LibraryError,
    NoReleaseError,
    NotFoundError,
)
from corpus.library import Library
from index import build as module
from index.build import build, plan
from index.build_plan import Plan
from index.storage.publish import Releases
from index.storage.release import Release
from index.storage.verify import inspect
from tests.fake_encoder import FakeEncoder, PackedEncoder

Write = Callable[[str, str], None]


def test_the_first_build_encodes_everything(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """From nothing, every document is added and every text is encoded once."""
    outcome = build(library, releases, encoder)
    assert outcome.published
    assert outcome.release == releases.live()
    assert outcome.plan.added == ("bridge.txt", "tea.txt")
    assert outcome.plan.to_encode == outcome.plan.texts == len(encoder.encoded)
    assert len(set(encoder.encoded)) == len(encoder.encoded)


def test_nothing_changed_publishes_nothing(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """A second build of the same documents keeps the release and encodes nothing."""
    live = published.live()
    files = {path: path.stat().st_mtime_ns for path in published.path(live).rglob("*")}
    encoder.encoded.clear()
    outcome = build(library, published, encoder)
    assert (outcome.published, outcome.release, encoder.encoded) == (False, live, [])
    assert files == {path: path.stat().st_mtime_ns for path in published.path(live).rglob("*")}


def test_an_edit_encodes_only_new_words(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """A paragraph put above the others moves them all and is the only one encoded."""
    encoder.encoded.clear()
    text = (library.folder / "tea.txt").read_text("utf-8")
    write("tea.txt", text.replace("\n\nGreen", "\n\nBlack tea comes from the valley.\n\nGreen", 1))
    plans: list[Plan] = []
    outcome = build(library, published, encoder, announce=plans.append)
    assert outcome.plan.edited == ("tea.txt",)
    assert outcome.plan.kept == ("bridge.txt",)
    assert plans == [outcome.plan]
    assert encoder.encoded
    assert all("Black tea" in words for words in encoder.encoded)


def test_removed_and_added_documents_are_planned(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """The plan names what came and what went."""
    (library.folder / "bridge.txt").unlink()
    write("road.txt", "The road is long. It never ends.")
    plan = build(library, published, encoder).plan
    assert (plan.added, plan.removed, plan.kept) == (("road.txt",), ("bridge.txt",), ("tea.txt",))


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "published.json"  # which has the time
    }


WORDS = st.lists(
    st.sampled_from(
        ["Green tea grows.", "茶叶在春天采摘。", "The road is long.", "Acme: Roads", "x"]
    ),
    min_size=1,
    max_size=5,
)
NAMES = st.sampled_from(["a.txt", "b.txt", "c/d.txt"])


class Edits(RuleBasedStateMachine):
    """Any sequence of edits, builds, rollbacks and prunings against builds from nothing."""

    @initialize()
    def start(self) -> None:
        """Begin with one document and nothing published."""
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.library = Library(self.folder / "reports")
        self.releases = Releases(self.folder / "releases")
        self.number = 0
        self.write("a.txt", ["The first words."], "Acme")

    @rule(name=NAMES, paragraphs=WORDS, company=st.sampled_from(["", "Acme"]))
    def write(self, name: str, paragraphs: list[str], company: str) -> None:
        """Add a document or edit it, text and facts."""
        path = self.library.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(paragraphs), "utf-8")
        path.with_name(path.name + ".json").write_text(json.dumps({"company": company}), "utf-8")

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        """Take a document away, but not the last."""
        if len(self.library.names()) > 1:
            (self.library.folder / name).unlink(missing_ok=True)

    @rule(groups=st.sampled_from([[], [["tea", "茶叶"]], [["Acme", "艾克米"]]]))
    def name(self, groups: list[list[str]]) -> None:
        """Edit the glossary, which chunks name their company by."""
        (self.library.folder / "glossary.json").write_text(json.dumps(groups), "utf-8")

    @rule()
    def go_back(self) -> None:
        """Roll back, where there is something to go back to."""
        with suppress(NotFoundError, NoReleaseError):
            self.releases.rollback()

    @rule(keep=st.integers(0, 2))
    def prune(self, keep: int) -> None:
        """Delete old releases."""
        with suppress(NoReleaseError):
            self.releases.prune(keep)

    @rule()
    def build(self) -> None:
        """Build, and compare with a build from nothing."""
        made = build(self.library, self.releases, PackedEncoder())
        self.number += 1
        fresh = Releases(self.folder / f"fresh{self.number}")
        whole = build(self.library, fresh, PackedEncoder())
        assert fresh.live() == self.releases.live() == made.release
        live = made.release
        assert _bytes_of(fresh.path(live)) == _bytes_of(self.releases.path(live))
        assert made.plan.passages == whole.plan.passages_to_encode + whole.plan.passages_reused
        kept = made.plan.passages_kept + made.plan.passages_reused
        assert kept + made.plan.passages_to_encode == made.plan.passages
        inspect(self.releases.path(live))
        again = plan(self.library, self.releases, PackedEncoder())
        assert not again.changes
        assert (again.to_encode, again.passages_kept) == (0, again.passages)

    def teardown(self) -> None:
        """Take everything away."""
        if hasattr(self, "place"):
            self.place.cleanup()


TestEdits = pytest.mark.slow(Edits.TestCase)
TestEdits.settings = settings(max_examples=20, stateful_step_count=12)


def test_a_kept_document_is_not_read_again(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write, reads: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A new document costs the reading of itself alone, unless the readers have changed."""
    write("road.txt", "The road is long. It never ends.")
    reads.clear()
    build(library, published, encoder)
    assert reads == ["road.txt"]
    reads.clear()
    monkeypatch.setattr(module, "identify_edition", lambda: "another")
    encoder.encoded.clear()
    made = build(library, published, encoder)
    assert (reads, encoder.encoded) == (["bridge.txt", "road.txt", "tea.txt"], [])
    assert made.plan.kept == ("bridge.txt", "road.txt", "tea.txt")


def test_a_company_that_is_named_otherwise_is_encoded_anew(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """What names a company in the glossary stands in its chunks; sentences stay as they are."""
    (library.folder / "tea.txt.json").write_text('{"company": "Acme"}', "utf-8")
    build(library, published, encoder)
    encoder.encoded.clear()
    (library.folder / "glossary.json").write_text('[["Acme", "艾克米"]]', "utf-8")
    made = build(library, published, encoder)
    assert made.published
    assert made.plan.kept == ("bridge.txt", "tea.txt")
    assert len(encoder.encoded) == made.plan.to_encode == 1
    assert "Acme 艾克米" in encoder.encoded[0].splitlines()
    fresh = Releases(published.folder.parent / "fresh")
    assert build(library, fresh, encoder).release == made.release
    encoder.encoded.clear()
    (library.folder / "glossary.json").write_text('[["Acme", "艾克米"], ["Ada", "埃达"]]', "utf-8")
    again = build(library, published, encoder)
    assert (again.published, encoder.encoded) == (True, [])
    assert (again.plan.kept, again.plan.to_encode) == (("bridge.txt", "tea.txt"), 0)


def test_a_renamed_document_is_named_as_that(
    library: Library, published: Releases, encoder: FakeEncoder, write: Callable[[str, str], None]
) -> None:
    """A file moved by hand is neither gone nor new, and nothing of it is encoded again."""
    old = library.names()[0]
    (library.folder / "2024").mkdir()
    (library.folder / old).rename(library.folder / "2024" / "moved.txt")
    write("copy.txt", (library.folder / "2024" / "moved.txt").read_text("utf-8"))
    made = plan(library, published, encoder)
    assert made.renamed == {old: "2024/moved.txt"}
    assert (made.added, made.removed, made.edited) == (("copy.txt",), (), ())
    assert made.cases_removed == ()
    assert all(case.startswith("copy.txt: ") for case in made.cases_added)
    assert (made.to_encode, made.changes) == (0, True)
    (library.folder / "2024" / "moved.txt.json").write_text('{"company": "Acme"}')
    made = plan(library, published, encoder)  # said to be another's: more than a new name
    assert made.renamed == {old: "copy.txt"}
    assert made.added == ("2024/moved.txt",)


def test_the_plan_changes_nothing(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """A dry run tells what a build would do, and encodes and leaves nothing."""
    write("road.txt", "The road is long. It never ends.")
    before = _bytes_of(published.folder)
    encoder.encoded.clear()
    dry = plan(library, published, encoder)
    assert (encoder.encoded, _bytes_of(published.folder)) == ([], before)
    assert build(library, published, encoder).plan == dry


def test_cases_are_planned(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Of a document of several cases, those that came, went or changed are named."""
    cases = {
        "Acme": "Acme: Long roads to the sea\n\nThe roads of Acme are long and so is this.",
        "Brill": "Brill: Blue lamps for schools\n\nThe lamps of Brill are blue and so is this.",
        "Corx": "Corx: Dark tunnels for trains\n\nThe tunnels of Corx are dark and so is this.",
    }
    write("all.txt", "\n\n".join([cases["Acme"], cases["Brill"]]))
    made = build(library, published, encoder).plan
    assert made.cases_added == (
        "all.txt: Acme: Long roads to the sea",
        "all.txt: Brill: Blue lamps for schools",
    )
    write("all.txt", "\n\n".join([cases["Acme"] + " It grew.", cases["Corx"]]))
    made = build(library, published, encoder).plan
    assert made.cases_added == ("all.txt: Corx: Dark tunnels for trains",)
    assert made.cases_edited == ("all.txt: Acme: Long roads to the sea",)
    assert made.cases_removed == ("all.txt: Brill: Blue lamps for schools",)
    (library.folder / "all.txt").unlink()
    made = build(library, published, encoder).plan
    assert made.cases_removed == (
        "all.txt: Acme: Long roads to the sea",
        "all.txt: Corx: Dark tunnels for trains",
    )


def test_a_case_published_twice_is_named(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """The same case under another name, lines broken elsewhere, is told with what is shared."""
    text = (library.folder / "bridge.txt").read_text("utf-8")
    write("again.txt", text.replace("It carries nine trains", "IT carries nine\ntrains") + "More.")
    (found,) = plan(library, published, encoder).duplicates
    assert (found.document, found.other_document) == ("again.txt", "bridge.txt")
    assert found.sample == "The red bridge was built in 1999 by Ada."
    assert found.sentences == 3
    assert found.share == round(99 / 116, 3)  # "Nobody knows its age." is too short to tell
    write("again.txt", "The red bridge was built in 1999 by Ada. " + "Something else. " * 20)
    assert plan(library, published, encoder).duplicates == ()


def test_a_check_that_refuses_publishes_nothing(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """The release is whole when it is checked, and among no others when it is refused."""
    live = published.live()
    write("road.txt", "The road is long. It never ends.")

    def refuse(release: Release) -> None:
        assert release.manifest.documents == 3
        assert release.id != live
        raise GateError("no")

    with pytest.raises(GateError):
        build(library, published, encoder, check=refuse)
    assert published.live() == live
    assert [info.id for info in published.all()] == [live]


def _stop(library: Library, releases: Releases, encoder: FakeEncoder) -> None:
    """Build a release that is refused; what was encoded is forgotten after it."""

    def refuse(_: Release) -> None:
        raise GateError("no")

    with pytest.raises(GateError):
        build(library, releases, encoder, check=refuse)
    assert encoder.encoded
    encoder.encoded.clear()


@pytest.mark.parametrize("first", [True, False])
def test_a_stopped_build_keeps_its_encodings(
    library: Library, releases: Releases, write: Write, tmp_path: Path, first: bool
) -> None:
    """The next build encodes nothing again, and publishes the bytes of one from nothing."""
    encoder = PackedEncoder()
    if not first:
        build(library, releases, encoder)
    write("road.txt", "The road is long. It never ends. Nobody walks it.")
    write("tea.txt", "Tea of Bergen\n\nBlack tea comes from the valley.")
    _stop(library, releases, encoder)
    assert plan(library, releases, encoder).to_encode == 0
    outcome = build(library, releases, encoder)
    assert encoder.encoded == []
    assert outcome.plan.passages_to_encode == 0
    alone = build(library, Releases(tmp_path / "alone"), PackedEncoder())
    assert outcome.release == alone.release
    assert releases.find_stopped() is None


def test_after_a_stopped_build_only_an_edit_is_encoded(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Builds that are stopped one after the other hand on what they encoded, the last alone."""
    write("road.txt", "The road is long. It never ends.")
    _stop(library, published, encoder)
    write("way.txt", "The way is short. It ends here.")
    _stop(library, published, encoder)
    stopped = published.find_stopped()
    assert stopped is not None
    assert len(list(stopped.parent.iterdir())) == 1
    write("path.txt", "The path is steep and wet.")
    build(library, published, encoder)
    assert encoder.encoded
    assert all("path" in words for words in encoder.encoded)


@pytest.mark.parametrize("harm", ["sentences.faiss", "chunk_keys.npy", "manifest.json"])
def test_a_damaged_stopped_build_is_never_used(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write, harm: str
) -> None:
    """Where a byte of it is another, its texts are encoded again."""
    write("road.txt", "The road is long. It never ends.")
    _stop(library, published, encoder)
    stopped = published.find_stopped()
    assert stopped is not None
    data = bytearray((stopped / harm).read_bytes())
    data[-1] ^= 1
    (stopped / harm).write_bytes(data)
    assert build(library, published, encoder).published
    assert any("road" in words for words in encoder.encoded)


def test_a_stopped_build_of_another_model_is_never_used(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write
) -> None:
    """Nor is any where everything is to be encoded anew; pruned, it is gone."""
    write("road.txt", "The road is long. It never ends.")
    _stop(library, published, encoder)
    other = FakeEncoder(identity="other@1")
    made = plan(library, published, other)
    assert made.to_encode == made.texts
    made = plan(library, published, encoder, full=True)
    assert made.to_encode == made.texts
    assert plan(library, published, encoder).to_encode == 0
    published.prune(1)
    assert plan(library, published, encoder).to_encode > 0


def test_a_full_disk_publishes_nothing(
    library: Library, published: Releases, encoder: FakeEncoder, write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What the disk refuses is one line, and what was live stays live."""
    live = published.live()
    write("road.txt", "The road is long. It never ends.")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for place in ("write_manifest", "ReleaseWriter"):
        with monkeypatch.context() as patched:
            patched.setattr(module, place, refuse)
            with pytest.raises(LibraryError, match="No space left on device"):
                build(library, published, encoder)
        assert published.live() == live
    assert build(library, published, encoder).published


def test_another_model_encodes_anew(library: Library, published: Releases) -> None:
    """Vectors of one model are never used for another."""
    other = FakeEncoder(identity="other@1")
    outcome = build(library, published, other)
    assert outcome.published
    assert outcome.plan.to_encode == outcome.plan.texts
    assert outcome.plan.kept == ("bridge.txt", "tea.txt")


def test_full_encodes_anew_and_changes_nothing(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """With `full` everything is encoded, and the same release comes out."""
    encoder.encoded.clear()
    live = published.live()
    outcome = build(library, published, encoder, full=True)
    assert (outcome.release, outcome.published) == (live, False)
    assert len(encoder.encoded) == outcome.plan.texts


def test_a_bad_file_is_left_out_and_named(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """One document that cannot be read does not stop the others, nor go unnamed."""
    (library.folder / "bad.txt").write_bytes(b"\xff\xfe\xff")
    plan = build(library, releases, encoder).plan
    assert plan.added == ("bridge.txt", "tea.txt")
    assert list(plan.failed) == ["bad.txt"]
    assert "bad.txt" in plan.failed["bad.txt"]


def test_a_live_document_is_not_lost(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """A document of the live release that cannot be read any more stops the build."""
    live = published.live()
    (library.folder / "tea.txt").write_bytes(b"\0\0\0\x01")
    with pytest.raises(DocumentError, match=r"tea\.txt.*live release"):
        build(library, published, encoder)
    assert published.live() == live
    assert sorted(path.name for path in published.folder.iterdir()) == sorted(
        [".lock", ".switch", "CURRENT", live]
    )


@pytest.mark.parametrize("make", [True, False])
def test_nothing_to_build_from_is_told(
    tmp_path: Path, releases: Releases, encoder: FakeEncoder, make: bool
) -> None:
    """An empty folder and a missing one are told by name, and publish nothing."""
    folder = tmp_path / "nothing"
    if make:
        folder.mkdir()
    with pytest.raises(LibraryError, match="nothing"):
        build(Library(folder), releases, encoder)
    assert not (releases.folder / "CURRENT").exists()


def test_two_builds_at_once(library: Library, releases: Releases, encoder: FakeEncoder) -> None:
    """While one build writes, another is told who does, and the first is not disturbed."""
    with releases.draft(), pytest.raises(BuildLockedError, match=r"process \d+"):
        build(library, releases, encoder)
    assert build(library, releases, encoder).published


_LIMITED_BUILD = """
import resource, sys
from pathlib import Path
from corpus.errors import LibraryError
from corpus.library import Library
from index.build import build
from index.storage.publish import Releases
from tests.fake_encoder import PackedEncoder
reports, releases, most = sys.argv[1:]
encoder = PackedEncoder(1024, "fake@2")
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
try:
    build(Library(Path(reports)), Releases(Path(releases)), encoder)
except LibraryError as error:
    sys.exit(str(error))
"""


@pytest.mark.slow
@pytest.mark.parametrize("most", [0, 300, 3_000, 20_000, 60_000])
def test_a_full_disk_ends_a_build_in_one_line(
    library: Library, published: Releases, most: int
) -> None:
    """Wherever there is no more room, also for vectors: nobody is killed, what is live stays."""
    live = published.live()
    words = "\n\n".join(f"Case {n} says that lamp {n} is red." for n in range(40))
    (library.folder / "long.txt").write_text(words, "utf-8")
    given = [str(library.folder), str(published.folder), str(most)]
    command = [sys.executable, "-c", _LIMITED_BUILD, *given]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "the release cannot be written" in done.stderr
    assert published.live() == live
    inspect(published.path(live))
    assert not list(published.folder.glob(".tmp-*/*"))
    build(library, published, PackedEncoder(1024, "fake@2"))
