"""pending_uploads: documents wait on disk, in private, and leave nothing behind."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from chatbot.publishing import pending_uploads as pending
from chatbot.publishing.pending_uploads import Folder, PendingUploads
from corpus.errors import NotFoundError, UsageError
from corpus.library import Offer, read_entry
from corpus.metadata import Facts

ROOT = Path(__file__).parents[3]


def _put(on: PendingUploads, name: str = "a.txt", words: str = "It is here.") -> int:
    offer = Offer(name, words.encode(), Facts(company="Acme"))
    return on.put(offer, read_entry(offer)).number


def test_a_draft_is_put_seen_changed_and_dropped(tmp_path: Path) -> None:
    """Its bytes are on disk, and gone with it."""
    mine = PendingUploads(tmp_path)
    number = _put(mine)
    upload = mine.get(number)
    assert upload.path.read_bytes() == b"It is here."
    assert (upload.name, upload.facts, upload.cases, upload.passages) == (
        "a.txt", Facts(company="Acme"), 1, 1,
    )  # fmt: skip
    facts = Facts(title="A new title")
    mine.change(number, facts, read_entry(Offer("a.txt", b"It is here.", facts)))
    assert (mine.get(number).facts, mine.get(number).title) == (facts, "A new title")
    mine.drop(number)
    mine.drop(number)
    mine.change(number, facts, read_entry(Offer("a.txt", b"It is here.")))
    assert mine.list() == []
    assert not upload.path.exists()
    with pytest.raises(NotFoundError):
        mine.get(number)


def test_one_of_the_same_name_takes_its_place(tmp_path: Path) -> None:
    """A mended file that is chosen again is not there twice."""
    mine = PendingUploads(tmp_path)
    assert _put(mine) == _put(mine, words="It was mended.")
    (upload,) = mine.list()
    assert upload.path.read_bytes() == b"It was mended."


def test_a_tray_is_bounded(tmp_path: Path) -> None:
    """Twenty documents wait, the next is refused with a line."""
    mine = PendingUploads(tmp_path)
    for number in range(pending.MOST):
        _put(mine, f"{number}.txt")
    with pytest.raises(UsageError, match="20 documents wait already"):
        _put(mine, "more.txt")
    _put(mine, "0.txt")


def test_what_waits_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All together; one that takes another's place counts once."""
    monkeypatch.setattr(pending, "MOST_BYTES", 2 * 2**20)
    mine, large = PendingUploads(tmp_path), "It is long." + "\n" * 1_400_000
    _put(mine, words=large)
    with pytest.raises(UsageError, match=r"b\.txt: with it, more than 2 MiB would wait"):
        _put(mine, "b.txt", large)
    _put(mine, words=large)
    _put(mine, "c.txt")


def test_a_cleared_tray_takes_nothing(tmp_path: Path) -> None:
    """What comes after its session has ended does not stay on the disk."""
    mine = PendingUploads(tmp_path)
    _put(mine)
    mine.clear()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotFoundError):
        _put(mine)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_private_and_goes(tmp_path: Path) -> None:
    """Nobody else may look into it, and nothing of it is left."""
    folder = Folder(tmp_path / "var")
    for place in (folder.path, folder.incoming):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    _put(folder.make_pending())
    folder.close()
    folder.close()
    assert list((tmp_path / "var").iterdir()) == []


@pytest.mark.slow
def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    """By the next to start; the folder of one that is still at work stays."""
    code = (
        "import os, sys; from pathlib import Path;"
        "from chatbot.publishing.pending_uploads import Folder;"
        "Folder(Path(sys.argv[1])); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    (left,) = tmp_path.iterdir()
    at_work = Folder(tmp_path)
    assert not left.exists()
    other = Folder(tmp_path)
    assert at_work.path.exists()
    at_work.close()
    other.close()


def test_one_session_reads_one_document_at_a_time(tmp_path: Path) -> None:
    """A second waits for the first, a third is refused, and another session waits for neither."""
    mine, other = PendingUploads(tmp_path), PendingUploads(tmp_path)
    order: list[str] = []

    def wait() -> None:
        with mine.turn():
            order.append("second")

    with mine.turn():
        second = threading.Thread(target=wait)
        second.start()
        while mine._places._value:  # until it waits
            time.sleep(0.001)
        with pytest.raises(UsageError, match=r"being read; wait"), mine.turn():
            order.append("third")
        with other.turn():
            order.append("other")
        order.append("first")
    second.join()
    assert order == ["other", "first", "second"]
    with mine.turn():
        pass
