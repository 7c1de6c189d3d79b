"""index.publish: what is live is whole, whenever the process stops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus.errors import NoReleaseError, ReleaseError
from corpus.library import Library
from index import publish, release
from index.build import build
from index.publish import CURRENT, Releases
from index.release import Release
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
        patched.setattr(release, "sync", counting(release.sync))
        patched.setattr(publish, "sync", counting(release.sync))
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
