"""Make `index/languages/rarity.npz`: how rare each word is in public paragraphs and questions.

    python -m training.rarity --data FOLDER

FOLDER holds the question sets, as training/README.md lists them. A text is a chunk, or a question:
a word that most questions have says as little of what they ask as one that most chunks have, and
so no list of such words is needed. Each set's share of texts counts alike, as else the largest
would decide which language's words are common. Takes a minute.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corpus.language.stems import list_stems
from index.languages import rarity
from training.question_sets import QuestionSet, find, read_sets, read_squad

WHOLE = 10_000  # texts that the shares of the sets are told of


def count(sets: Sequence[QuestionSet]) -> dict[int, int]:
    """Return by the low bits of a term's number how many of WHOLE texts hold it, those that any do.

    Chunks and questions that are kept apart count for nothing.
    """
    shares: defaultdict[int, float] = defaultdict(float)
    for one in sets:
        texts = [chunk.words for chunk in one.chunks if chunk.open]
        texts += [question.text for question in one.questions if question.open]
        held = Counter(term for text in texts for term in set(list_stems(text)))
        for term, times in held.items():
            shares[rarity.hash_term(term) & 0xFFFFFFFF] += times / len(texts) / len(sets)
    table = {number: min(round(WHOLE * shares[number]), WHOLE) for number in sorted(shares)}
    return {number: held for number, held in table.items() if held}


def write(sets: Sequence[QuestionSet], path: Path) -> None:
    """Write the table and what made it."""
    table = count(sets)
    made = {
        "command": "python -m training.rarity",
        "data": {one.name: one.digest for one in sets},
        "licence": "CC BY-SA 4.0, as its data; see NOTICE",
    }
    np.savez_compressed(
        path, allow_pickle=False, made=np.array(json.dumps(made, sort_keys=True)),
        count=np.array(WHOLE), numbers=np.array(list(table), np.uint32),
        held=np.array(list(table.values()), np.uint16),
    )  # fmt: skip


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of question sets")
    folder = parser.parse_args().data
    japanese = read_squad(find(folder, "jaquad-train.ja.json"), "jaquad")
    write([*read_sets(folder), japanese], rarity.PATH)
    print(f"{rarity.PATH} is written")


if __name__ == "__main__":
    main()
