"""The model in 8 bits on onnxruntime, beside the same in full precision on torch.

    python -m benchmarks.model squad2-half.en.json cmrc2018-dev.zh.json

For each question set (SQuAD's format): the cosine of the two vectors of each text, and how often
the nearest paragraph is the question's, by each engine. Then the seconds to load, the milliseconds
for a question, and paragraphs a second, each engine in turn. Needs the model prepared.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.squad import name_document, read_paragraphs, read_questions
from index.encoder.encoder import Encoder
from index.encoder.sentence_transformer import SentenceEncoder
from index.models import find_model, load_encoder

ALONE = 200  # questions that are timed


def time_questions(encoder: Encoder, questions: list[str]) -> float:
    """Return the median milliseconds of one question alone."""
    times = []
    for question in questions[:ALONE]:
        started = time.perf_counter()
        encoder.encode_queries([question])
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description="The model in 8 bits beside the whole one")
    parser.add_argument("paths", type=Path, nargs="+", help="question sets")
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    given = parser.parse_args()

    encoders: dict[str, Encoder] = {}
    loaded = {}
    load_encoder("", given.models, print)  # exported, if it was not
    for name in ("onnxruntime, 8 bits", "torch"):
        started = time.perf_counter()
        if name == "torch":
            encoders[name] = SentenceEncoder(find_model("", given.models, print))
        else:
            encoders[name] = load_encoder("", given.models, print)
        encoders[name].encode_queries(["water"])
        loaded[name] = time.perf_counter() - started
    print("| | load, s | question, ms | paragraphs/s | paragraph R@1 | cosine, mean and least |")
    print("|---|---|---|---|---|---|")
    for path in given.paths:
        paragraphs = read_paragraphs(path)
        asked = [one for one in read_questions(path, path) if one.answers]
        places = {name_document(number): number for number in range(len(paragraphs))}
        wanted = np.array([places[one.document] for one in asked])
        rows = {}
        for name, encoder in encoders.items():
            started = time.perf_counter()
            passages = encoder.encode_passages(paragraphs)
            speed = len(paragraphs) / (time.perf_counter() - started)
            questions = [one.text for one in asked]
            queries = encoder.encode_queries(questions)
            right = float(((queries @ passages.T).argmax(axis=1) == wanted).mean())
            rows[name] = np.concatenate([passages, queries])
            cosines = (rows[name] * rows[next(iter(rows))]).sum(axis=1)
            near = f"{cosines.mean():.4f}, {cosines.min():.4f}" if len(rows) > 1 else ""
            print(f"| {path.stem}, {name} | {loaded[name]:.1f} | "
                  f"{time_questions(encoder, questions):.1f} | {speed:.1f} | {right:.3f} "
                  f"| {near} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
