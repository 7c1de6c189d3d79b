"""index.build: what is planned, what is encoded, what is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import BuildLockedError, DocumentError, LibraryError
from corpus.library import Library
from index.build import Plan, build
from index.publish import Releases
from tests.fake_encoder import FakeEncoder

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
        if path.is_file()
    }


texts = st.text(st.sampled_from("ab .\n中。"), min_size=1, max_size=60).filter(str.strip)
edits = st.lists(
    st.dictionaries(st.sampled_from(["a.txt", "b.txt", "c/d.txt"]), texts, min_size=1), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=edits, last=st.dictionaries(st.sampled_from(["a.txt", "b.txt"]), texts, min_size=1))
def test_incremental_equals_full(
    tmp_path_factory: pytest.TempPathFactory, edits: list[dict[str, str]], last: dict[str, str]
) -> None:
    """After any edits, the release has the bytes of one built from nothing."""
    place = tmp_path_factory.mktemp("edits")
    releases, library = Releases(place / "releases"), Library(place / "reports")
    for state in [*edits, last]:
        for path in library.folder.rglob("*.txt"):
            path.unlink()
        for name, text in state.items():
            (library.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (library.folder / name).write_text(text, "utf-8")
        build(library, releases, FakeEncoder())
    fresh = Releases(place / "fresh")
    build(library, fresh, FakeEncoder())
    assert fresh.live() == releases.live()
    live = releases.live()
    assert _bytes_of(fresh.path(live)) == _bytes_of(releases.path(live))


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
