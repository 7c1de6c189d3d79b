"""training.rarity: of how many texts each word is counted, and what is written of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from corpus.language.stems import list_stems
from index.languages import rarity
from index.languages.rarity import hash_term
from training.question_sets import QuestionSet, SetChunk, SetQuestion
from training.rarity import WHOLE, count, write


def make_set(name: str, texts: list[str], asked: list[str], kept: list[str]) -> QuestionSet:
    """Return a set of chunks without titles and of questions; what is `kept` is not trained on."""
    chunks = [SetChunk("", (text,), text not in kept) for text in texts]
    questions = [SetQuestion((0, 0, 0), text, (), (), text not in kept) for text in asked]
    return QuestionSet(name, f"digest of {name}", chunks, questions)


def find(table: dict[int, int], word: str) -> int:
    """Return how many texts of WHOLE hold a word by the table."""
    return table.get(hash_term(list_stems(word)[0]) & 0xFFFFFFFF, 0)


LARGE = make_set(
    "large", ["A red bridge.", "A red boat.", "Green."], ["Who built it?", "Who was it?"], []
)
SMALL = make_set(
    "small", ["El puente rojo.", "Judge."], ["¿Quién?", "Quién era el juez?", "Judge?"],
    ["Judge.", "Judge?"],
)  # fmt: skip


def test_questions_count_as_texts_and_every_set_alike() -> None:
    """A word of all questions is as common as one of as many chunks, in a small set as in a large.

    What is kept apart is not counted.
    """
    table = count([LARGE, SMALL])
    assert find(table, "who") == find(table, "red") == WHOLE * 2 / 5 / 2
    assert find(table, "bridge") == WHOLE / 5 / 2
    assert find(table, "quién") == round(WHOLE * 2 / 3 / 2)
    assert find(table, "puente") == round(WHOLE / 3 / 2)
    assert find(table, "judge") == 0
    assert list(table) == sorted(table)
    assert find(count([LARGE]), "who") == WHOLE * 2 / 5


def test_words_of_hardly_any_text_are_left_out() -> None:
    """Their share rounds to none."""
    rare = make_set("rare", ["Often."] * 25_000 + ["Once."], [], [])
    assert find(count([rare]), "often") == WHOLE
    assert find(count([rare]), "once") == 0


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """The table weighs by its shares, and says what made it."""
    write([LARGE, SMALL], tmp_path / "rarity.npz")
    with np.load(tmp_path / "rarity.npz", allow_pickle=False) as file:
        table = rarity.Rarity(int(file["count"]), file["numbers"], file["held"])
        made = json.loads(str(file["made"]))
    assert table.weigh(["nowhere"]) > table.weigh(list_stems("bridge"))
    assert table.weigh(list_stems("bridge")) > table.weigh(list_stems("who"))
    assert made["data"] == {"large": "digest of large", "small": "digest of small"}
    assert made["command"] == "python -m training.rarity"
