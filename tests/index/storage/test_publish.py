"""index.storage.publish: what is live is whole, whenever the process stops."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.errors import (
    BuildLockedError,
    CorruptReleaseError,
    NoReleaseError,
    NotFoundError,
    ReleaseError,
)
from corpus.files import sync
from corpus.library import Library
from index.build import build
from index.storage.publish import CURRENT, Releases
from index.storage.release import Release
from tests.fake_encoder import FakeEncoder


class Stop(BaseException):
    """Stands for the process ending."""


def test_nothing_is_live_before_the_first_build(releases: Releases) -> None:
    """Without a release the mend is told."""
    with pytest.raises(NoReleaseError, match="build"):
        releases.live()


@pytest.mark.parametrize("content", [b"", b"../../etc", b"\xff\xfe", b"a b"])
def test_a_damaged_pointer_is_told(releases: Releases, content: bytes) -> None:
    """A CURRENT that names no release is an error, never a path."""
    releases.folder.mkdir(parents=True)
    (releases.folder / CURRENT).write_bytes(content)
    with pytest.raises(ReleaseError, match="CURRENT"):
        releases.live()


def test_stopped_after_any_step_what_is_live_is_whole(
    library: Library,
    published: Releases,
    encoder: FakeEncoder,
    write: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stop at each sync and rename in turn: the old or the new release is live, and opens."""
    steps = 0
    limit = 0

    def counting(act: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            nonlocal steps
            if steps == limit:
                raise Stop
            steps += 1
            return act(*arguments)

        return step

    with monkeypatch.context() as patched:
        patched.setattr("index.storage.manifest.sync", counting(sync))
        patched.setattr("index.storage.publish.sync", counting(sync))
        patched.setattr(Path, "rename", counting(Path.rename))
        patched.setattr(Path, "replace", counting(Path.replace))
        before = published.live()
        write("road.txt", "The road is long. It never ends.")
        for limit in range(200):  # noqa: B007 - read by `counting`
            steps = 0
            try:
                build(library, published, encoder)
                break
            except Stop:
                live = Release(published.path(published.live()), encoder.identity)
                assert live.id == before or live.manifest.documents == 3
    assert limit > 15
    after = published.live()
    assert after != before
    assert Release(published.path(after)).manifest.documents == 3
    build(library, published, encoder)
    assert not list(published.folder.glob(".tmp-*"))


def test_a_damaged_release_of_the_same_id_is_replaced(
    library: Library, published: Releases, encoder: FakeEncoder
) -> None:
    """Building what is live but damaged on disk makes it whole again."""
    live = published.live()
    (published.path(live) / "rows.npy").write_bytes(b"cut")
    outcome = build(library, published, encoder)
    assert (outcome.release, outcome.published) == (live, True)
    Release(published.path(live), encoder.identity)


def test_a_lock_of_a_dead_process_holds_nobody(
    library: Library, releases: Releases, encoder: FakeEncoder
) -> None:
    """The file that a dead build left does not stop the next."""
    releases.folder.mkdir(parents=True)
    (releases.folder / ".lock").write_text("999999")
    (releases.folder / ".tmp-left").mkdir()
    assert build(library, releases, encoder).published
    assert not (releases.folder / ".tmp-left").exists()


@pytest.fixture
def three(
    library: Library, published: Releases, encoder: FakeEncoder, write: Callable[[str, str], None]
) -> list[str]:
    """Three releases, the first published first."""
    ids = [published.live()]
    for name in ("road", "river"):
        write(f"{name}.txt", f"The {name} is long. It never ends.")
        ids.append(build(library, published, encoder).release)
    return ids


def test_releases_are_listed(published: Releases, three: list[str]) -> None:
    """The last published first, with what each holds and which is live."""
    found = published.all()
    assert [info.id for info in found] == three[::-1]
    assert [info.live for info in found] == [True, False, False]
    assert [info.documents for info in found] == [4, 3, 2]
    assert {info.model for info in found} == {"fake@1"}
    assert not any(info.damage for info in found)


def test_rollback_goes_back_step_by_step(published: Releases, three: list[str]) -> None:
    """Without an id to the one before the live one, with an id to any, never to none."""
    first, second, third = three
    assert published.rollback() == published.live() == second
    assert published.rollback() == published.live() == first
    with pytest.raises(NotFoundError, match="older"):
        published.rollback()
    assert published.rollback(third) == published.live() == third
    for unknown in ("nothing", "0123456789ab", "../x", ""):
        if unknown:
            with pytest.raises(NotFoundError):
                published.rollback(unknown)
    assert published.live() == third


def test_a_release_published_again_is_the_last(
    library: Library, published: Releases, encoder: FakeEncoder, three: list[str]
) -> None:
    """Building what an old release held makes it live and the newest."""
    (library.folder / "river.txt").unlink()
    assert build(library, published, encoder).release == three[1]
    assert [info.id for info in published.all()] == [three[1], three[2], three[0]]
    assert published.rollback() == three[2]


def test_a_damaged_release_is_not_gone_back_to(published: Releases, three: list[str]) -> None:
    """Cut short it is passed over and listed as damaged; changed in place it is refused."""
    first, second, third = three
    rows = published.path(second) / "rows.npy"
    data = rows.read_bytes()
    rows.write_bytes(data[:-1])
    assert "rows.npy" in published.all()[1].damage
    assert published.rollback() == first
    assert published.rollback(third) == third
    rows.write_bytes(data[:-1] + b"\x7f")
    with pytest.raises(CorruptReleaseError, match=r"rows\.npy"):
        published.rollback(second)
    assert published.live() == third
    (published.path(second) / "manifest.json").write_bytes(b"{}")
    damage = {info.id: info.damage for info in published.all()}
    assert "manifest.json" in damage[second]


def test_prune_keeps_the_live_one(published: Releases, three: list[str]) -> None:
    """The live one stays whatever its age, the others by date."""
    published.rollback(three[0])
    assert published.prune(1) == [three[1]]
    assert {info.id for info in published.all()} == {three[0], three[2]}
    assert published.prune(0) == [three[2]]
    assert published.prune(0) == []
    Release(published.path(published.live()))
    assert not list(published.folder.glob(".tmp-*"))


def test_prune_keeps_some_beside_the_live_one(published: Releases, three: list[str]) -> None:
    """Also where that is the newest: there is one to go back to."""
    assert published.live() == three[2]
    assert published.prune(1) == [three[0]]
    assert published.rollback() == three[1]


def test_nothing_is_pruned_while_a_build_is_at_work(published: Releases, three: list[str]) -> None:
    """A build may copy from any release; going back needs not wait for it."""
    with published.draft():
        with pytest.raises(BuildLockedError):
            published.prune(0)
        assert published.rollback() == three[1]


def test_without_a_live_release_nothing_is_pruned(published: Releases, three: list[str]) -> None:
    """Where nobody knows what is live, everything stays."""
    (published.folder / CURRENT).unlink()
    with pytest.raises(NoReleaseError):
        published.prune(0)
    with pytest.raises(NoReleaseError, match="name one"):
        published.rollback()
    assert published.rollback(three[2]) == published.live()


def test_fallbacks_begin_with_what_was_live_before(published: Releases, three: list[str]) -> None:
    """Releases older than the live one come first: the newer were rolled back from."""
    published.rollback(three[1])
    assert published.fallbacks() == [three[0], three[2]]
    (published.folder / CURRENT).unlink()
    assert published.fallbacks() == three[::-1]


def test_a_copy_keeps_the_order(published: Releases, three: list[str], tmp_path: Path) -> None:
    """Copied without its file times, as by `cp -r`, in whatever order: rollback goes where it did.

    Dates and what is served instead of a damaged one stay too.
    """
    first, second, third = three
    copy = Releases(tmp_path / "copy")
    for name in (third, first, second):
        shutil.copytree(published.path(name), copy.path(name), copy_function=shutil.copyfile)
    shutil.copyfile(published.folder / CURRENT, copy.folder / CURRENT)
    assert copy.all() == published.all()
    assert copy.fallbacks() == [second, first]
    assert copy.rollback() == second
    assert copy.rollback() == first


def test_rollback_goes_to_what_was_live_before(
    library: Library, published: Releases, encoder: FakeEncoder, three: list[str]
) -> None:
    """Not to one that an editor had gone back from, though it is younger."""
    published.rollback(three[0])
    (library.folder / "lake.txt").write_text("The lake is deep. It never ends.", "utf-8")
    lake = build(library, published, encoder).release
    assert published.fallbacks()[0] == three[0]
    assert published.rollback() == three[0]
    published.rollback(lake)
    shutil.rmtree(published.path(three[0]))
    assert published.rollback() == three[2]


def test_a_clock_that_goes_back_changes_no_order(
    library: Library, published: Releases, encoder: FakeEncoder, three: list[str]
) -> None:
    """What is published next is the last, also after one that says it is of next year."""
    note = published.path(three[2]) / "published.json"
    told = json.loads(note.read_bytes())
    assert told["after"] == three[1]
    year = (dt.datetime.now(dt.UTC) + dt.timedelta(days=365)).isoformat()
    note.write_text(json.dumps(told | {"date": year}))
    (library.folder / "river.txt").unlink()
    (library.folder / "road.txt").unlink()
    assert build(library, published, encoder).release == three[0]
    assert [info.id for info in published.all()] == [three[0], three[2], three[1]]
    assert published.rollback() == three[2]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b"\xff", b'{"date": 3, "after": ""}', b'{"date": "x", "after": "y"}',
     b'{"date": "9999-12-31T23:59:59.999999+00:00", "after": ""}',
     b'{"date": "0001-01-01T00:00:00+14:00", "after": ""}',
     b'{"date": "2026-01-01T00:00:00+00:00", "after": {}}'],
)  # fmt: skip
def test_a_release_without_its_date_is_the_oldest(
    published: Releases, three: list[str], content: bytes
) -> None:
    """It is listed and opened all the same."""
    (published.path(three[1]) / "published.json").write_bytes(content)
    assert [info.id for info in published.all()] == [three[2], three[0], three[1]]
    assert published.rollback() == three[1]  # as the live one itself says
    Release(published.path(three[1]))
