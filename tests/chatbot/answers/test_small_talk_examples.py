"""chatbot.answers.small_talk_examples: the examples, and their vectors, which are kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from chatbot.answers import small_talk_examples
from chatbot.answers.small_talk_examples import (
    KINDS,
    Examples,
    describe,
    encode,
    is_measured,
    keep,
    read_examples,
)
from chatbot.locales import read_file
from index.encoder.encoder import Encoder, Vectors
from index.encoder.shared_encoder import SharedEncoder
from tests.fake_encoder import FakeEncoder


def test_no_utterance_is_an_example_of_two_things() -> None:
    """Nor is one there twice, and every kind has some in the same languages."""
    held = read_file("smalltalk")
    assert {*held} == {*KINDS, "company", "none"}
    assert len({frozenset(each) for each in held.values()}) == 1
    for language in held["none"]:
        said = [
            small_talk_examples.fold_words(one) for kind in held.values() for one in kind[language]
        ]
        alike = {one for one in said if said.count(one) > 1}
        assert alike <= {"company vs company"}  # with a stop and without


def test_the_kept_vectors_are_those_of_the_examples(real_encoder: Encoder) -> None:
    """Where this fails, examples or the model changed: run `python -m training.smalltalk`."""
    assert is_measured(real_encoder)
    with np.load(small_talk_examples.PATH) as file:
        assert str(file["made"]) == describe(real_encoder)
        for name, rows in encode(real_encoder).items():
            assert (file[name].astype(np.float32) * rows).sum(axis=1).min() > 0.999


def test_what_is_kept_is_not_read(
    encoder: FakeEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an encoder of the same identity; another reads the examples anew."""
    monkeypatch.setattr(small_talk_examples, "PATH", tmp_path / "kept.npz")
    keep(encoder, small_talk_examples.PATH)

    class Silent(FakeEncoder):
        def encode_queries(self, texts: Sequence[str]) -> Vectors:
            raise AssertionError(f"{texts[0]} was read again")

    assert read_examples(Silent())
    with pytest.raises(AssertionError, match="read again"):
        read_examples(Silent(identity="fake@2"))


@pytest.mark.parametrize("damage", [None, b"", b"no archive", b"PK\3\4"])
def test_a_damaged_file_is_not_missed(
    damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples are read instead."""
    monkeypatch.setattr(small_talk_examples, "PATH", tmp_path / "kept.npz")
    if damage is not None:
        small_talk_examples.PATH.write_bytes(damage)
    encoder = FakeEncoder()
    [row] = encoder.encode_queries(["good morning"])
    assert read_examples(encoder).find_topic(row) == "greeting"


def test_vectors_of_other_examples_are_refused(encoder: FakeEncoder) -> None:
    """Each example has one."""
    made = encode(encoder)
    with pytest.raises(ValueError, match="vectors of"):
        Examples({**made, "rests": made["rests"][1:]})


def test_examples_wait_in_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are more than may wait to be read."""
    monkeypatch.setattr(small_talk_examples, "PATH", tmp_path / "none.npz")
    assert read_examples(SharedEncoder(FakeEncoder()))
