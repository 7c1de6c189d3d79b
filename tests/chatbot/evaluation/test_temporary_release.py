"""temporary_release: a question set's texts become a release once, and the last few stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatbot.evaluation.temporary_release import KEPT, open_trial
from corpus.errors import LibraryError
from index.storage.publish import Releases
from tests.fake_encoder import FakeEncoder

TEXTS = {
    "000000.txt": "The red bridge was built in 1999 by Ada.",
    "000001.txt": "Green tea grows on the seven hills.",
}


def test_the_second_time_nothing_is_encoded(tmp_path: Path) -> None:
    """The same texts give the same release, from the folder; other texts another."""
    first, encoder = FakeEncoder(), FakeEncoder()
    release, failed = open_trial(TEXTS, tmp_path, first)
    assert {document.name: document.text for document in release.documents()} == TEXTS
    assert (len(first.encoded) > 0, failed) == (True, {})
    again, _ = open_trial(dict(reversed(TEXTS.items())), tmp_path, encoder)
    assert (again.id, encoder.encoded) == (release.id, [])
    other, _ = open_trial({**TEXTS, "000001.txt": "No tea."}, tmp_path, encoder)
    assert other.id != release.id
    assert encoder.encoded


def test_a_part_comes_from_the_whole(tmp_path: Path) -> None:
    """It is what building it alone gives, nothing is encoded twice, and the whole stays."""
    first, second = FakeEncoder(), FakeEncoder()
    part, _ = open_trial(TEXTS, tmp_path, first, only=["000001.txt"])
    assert [document.name for document in part.documents()] == ["000001.txt"]
    alone, _ = open_trial({"000001.txt": TEXTS["000001.txt"]}, tmp_path, FakeEncoder())
    assert part.id == alone.id
    whole, _ = open_trial(TEXTS, tmp_path, second)
    other, _ = open_trial(TEXTS, tmp_path, second, only=["000000.txt"])
    assert (len(whole.documents()), len(other.documents()), second.encoded) == (2, 1, [])
    assert len(set(first.encoded)) == len(first.encoded) > 0
    kept = [info.id for info in Releases(whole.folder.parent).all()]
    assert sorted(kept) == sorted([whole.id, other.id])


def test_another_model_encodes_anew(tmp_path: Path) -> None:
    """A release is never asked with a model that did not build it."""
    first = open_trial(TEXTS, tmp_path, FakeEncoder())[0]
    encoder = FakeEncoder(identity="fake@2")
    second = open_trial(TEXTS, tmp_path, encoder)[0]
    assert second.id != first.id
    assert second.manifest.model == "fake@2"
    assert encoder.encoded


def test_a_text_that_is_none_is_named(tmp_path: Path) -> None:
    """The others are asked all the same."""
    release, failed = open_trial({**TEXTS, "000002.txt": " \n"}, tmp_path, FakeEncoder())
    assert len(release.documents()) == 2
    assert list(failed) == ["000002.txt"]


def test_what_was_begun_is_written_again(tmp_path: Path) -> None:
    """A run that was stopped while it wrote leaves no half of a set behind."""
    release, _ = open_trial(TEXTS, tmp_path, FakeEncoder())
    place = release.folder.parent.parent
    (place / "reports").rename(place / f".tmp-{os.getpid()}")
    (place / f".tmp-{os.getpid()}" / "000000.txt").unlink()
    assert len(open_trial(TEXTS, tmp_path, FakeEncoder())[0].documents()) == 2


def test_the_last_used_stay(tmp_path: Path) -> None:
    """One more than are kept takes away the one used longest ago, and nothing that is not ours."""
    (tmp_path / "notes").mkdir()
    os.utime(tmp_path / "notes", (0, 0))
    places = []
    for number in range(KEPT):
        release, _ = open_trial({"a.txt": f"Text number {number}."}, tmp_path, FakeEncoder())
        places.append(release.folder.parent.parent)
        os.utime(places[-1], (number + 1, number + 1))
    open_trial({"a.txt": "Text number 0."}, tmp_path, FakeEncoder())  # used again
    open_trial({"a.txt": "Something else."}, tmp_path, FakeEncoder())
    assert places[0].exists()
    assert not places[1].exists()
    assert all(place.exists() for place in places[2:])
    assert (tmp_path / "notes").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """One line with the mend."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match=r"cannot be written .* set CASEBOOK_VAR"):
        open_trial(TEXTS, tmp_path / "file", FakeEncoder())
