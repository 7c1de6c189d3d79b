"""Make what finding goes by: the map of vectors that forgets languages.

    python -m training.alignment --data FOLDER

FOLDER holds the question sets below, as training/README.md lists them. Encodes them once, kept in
`--work` and taken up again after a stop, trains for `--steps`, and writes
`index/search/alignment.npz` with what made it. On two cores about fifteen minutes of encoding and
two of training: longer training learns the sets by heart. The seed is fixed.

The map adds a low-rank step to each vector, one for questions, one for chunks, one for sentences
(see index.search.alignment), and is trained by InfoNCE (van den Oord and others 2018): a question
should be nearer to what answers it than to anything else. What it is shown decides what it learns:
parallel paragraphs in twelve languages, where the same paragraph in the question's own language is
no answer but every other one in it is a wrong one; question sets in one language, so that it keeps
what the model knew; and company cases, asked in another language half of the time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from index.encoder.encoder import Encoder
from index.models import load_plain_encoder
from index.search import alignment
from index.search.alignment import KINDS, Kind
from training.question_sets import PARALLEL, SINGLE, QuestionSet, read_sets

# Most readers and texts are in these two: half of the parallel pairs.
_FIRST, _FIRST_SHARE = 2, 0.5
RANK, RATE, DECAY, DROP = 64, 1e-3, 0.3, 0.2
ASKED, ASKED_PARALLEL, OTHERS = (
    128,
    160,
    900,
)  # questions a step, and texts that they are put beside
WARM = 50
CASES, ALONE = 2.0, 0.5  # weights of the losses on cases and on sets of one language


@dataclass(frozen=True, slots=True)
class Encoded:
    """A set with its vectors, unit rows, and for each question the rows that answer it."""

    set: QuestionSet
    rows: dict[Kind, Tensor]
    golds: dict[Kind, list[list[int]]]
    asked: list[int]  # questions that are trained on
    by_key: dict[tuple[int, int, int], int]


class Maps(nn.Module):
    """The three maps and the temperature they are trained with; see index.search.alignment."""

    def __init__(self, means: dict[Kind, Tensor], rank: int) -> None:
        """Start as the vectors are, less their means."""
        super().__init__()
        width = len(means["question"])
        self.means = means
        self.down = nn.ModuleDict({kind: nn.Linear(width, rank, bias=False) for kind in KINDS})
        self.up = nn.ModuleDict({kind: nn.Linear(rank, width) for kind in KINDS})
        for kind in KINDS:
            nn.init.zeros_(self.up[kind].weight)  # type: ignore[arg-type]
            nn.init.zeros_(self.up[kind].bias)  # type: ignore[arg-type]
        self.log_scale = nn.Parameter(torch.tensor(3.0))

    def forward(self, kind: Kind, rows: Tensor) -> Tensor:
        """Return the mapped unit rows."""
        centred = rows - self.means[kind]
        step = functional.dropout(self.down[kind](centred), DROP, self.training)
        return functional.normalize(centred + self.up[kind](step), dim=-1)


def encode(one: QuestionSet, encoder: Encoder, work: Path) -> Encoded:
    """Encode a set, or take what was encoded of it before."""
    path = work / f"{one.name}-{one.digest[:12]}-{_short(encoder.identity)}.npz"
    if not path.exists():
        sentences = [sentence for chunk in one.chunks for sentence in chunk.sentences]
        chunks = [chunk.words for chunk in one.chunks]
        with tqdm(total=len(chunks) + len(sentences), desc=one.name, unit="text") as bar:
            done = {
                "chunk": encoder.encode_passages(chunks, lambda now, _: _show(bar, now)),
                "sentence": encoder.encode_passages(
                    sentences, lambda now, _: _show(bar, len(chunks) + now)
                ),
            }
        texts = [question.text for question in one.questions]
        parts = [encoder.encode_queries(texts[at : at + 64]) for at in range(0, len(texts), 64)]
        draft = path.with_suffix(".tmp.npz")
        np.savez(draft, allow_pickle=False, question=np.concatenate(parts), **done)
        draft.rename(path)
    with np.load(path) as file:
        rows: dict[Kind, Tensor] = {kind: torch.from_numpy(file[kind]) for kind in KINDS}
    firsts = np.cumsum([0, *(len(chunk.sentences) for chunk in one.chunks)])
    golds: dict[Kind, list[list[int]]] = {
        "chunk": [sorted({chunk for chunk, _ in each.golds}) for each in one.questions],
        "sentence": [
            sorted({int(firsts[chunk]) + place for chunk, place in each.golds})
            for each in one.questions
        ],
    }
    asked = [number for number, each in enumerate(one.questions) if each.open and each.golds]
    return Encoded(one, rows, golds, asked, {q.key: n for n, q in enumerate(one.questions)})


def _show(bar: Any, done: int) -> None:
    bar.update(done - bar.n)


def lose(asked: Tensor, texts: Tensor, golds: Sequence[Sequence[int]], shut: Tensor | None,
         scale: Tensor) -> Tensor:  # fmt: skip
    """Return InfoNCE: -ln of the share of softmax that each question's right texts have.

    `asked` (q, d) and `texts` (t, d) are unit rows; `shut` (q, t) marks texts that count as
    neither right nor wrong.
    """
    scores = asked @ texts.T * scale
    if shut is not None:
        scores = scores.masked_fill(shut, -1e9)
    right = torch.zeros_like(scores, dtype=torch.bool)
    for number, rows in enumerate(golds):
        right[number, list(rows)] = True
    good = torch.logsumexp(scores.masked_fill(~right, -1e9), 1)
    return (torch.logsumexp(scores, 1) - good).mean()


def lose_parallel(
    maps: Maps, kind: Kind, own: Encoded, other: Encoded, chance: np.random.Generator
) -> Tensor:
    """Return the loss of questions in one language over the texts of another and of their own."""
    drawn = [own.asked[at] for at in chance.integers(len(own.asked), size=ASKED_PARALLEL)]
    pairs = [
        (number, other.by_key[own.set.questions[number].key])
        for number in drawn
        if own.set.questions[number].key in other.by_key
    ]
    pairs = [(number, there) for number, there in pairs if other.golds[kind][there]]
    golds = [other.golds[kind][there] for _, there in pairs]
    asked = maps("question", own.rows["question"][[number for number, _ in pairs]])
    texts, shut = maps(kind, other.rows[kind]), None
    if own is not other:
        count = len(texts)
        texts = torch.cat([texts, maps(kind, own.rows[kind])])
        shut = torch.zeros(len(pairs), len(texts), dtype=torch.bool)
        for row, (number, _) in enumerate(pairs):
            shut[row, [count + each for each in own.golds[kind][number]]] = True
    return lose(asked, texts, golds, shut, maps.log_scale.exp().clamp(max=60))


def lose_single(maps: Maps, kind: Kind, one: Encoded, chance: np.random.Generator) -> Tensor:
    """Return the loss of questions over some texts of their own set, what answers them included."""
    drawn = [one.asked[at] for at in chance.integers(len(one.asked), size=ASKED)]
    golds = [one.golds[kind][number] for number in drawn]
    others = chance.choice(len(one.rows[kind]), min(OTHERS, len(one.rows[kind])), replace=False)
    kept = np.unique(np.concatenate([*golds, others]))
    place = {int(row): at for at, row in enumerate(kept)}
    asked = maps("question", one.rows["question"][drawn])
    texts = maps(kind, one.rows[kind][kept])
    golds = [[place[row] for row in rows] for rows in golds]
    return lose(asked, texts, golds, None, maps.log_scale.exp().clamp(max=60))


def train(sets: dict[str, Encoded], steps: int, seed: int) -> Maps:
    """Return the maps, each weight the moving average over the last steps."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    means: dict[Kind, Tensor] = {
        kind: torch.stack([one.rows[kind].mean(0) for one in sets.values()]).mean(0)
        for kind in KINDS
    }
    maps = Maps(means, RANK)
    optimizer = torch.optim.AdamW(maps.parameters(), lr=RATE, weight_decay=DECAY)
    kept = {name: value.detach().clone() for name, value in maps.named_parameters()}
    languages = [f"x-{language}" for language in PARALLEL]
    rest = (1 - _FIRST_SHARE) / (len(languages) - _FIRST)
    shares = [_FIRST_SHARE / _FIRST] * _FIRST + [rest] * (len(languages) - _FIRST)
    bar = tqdm(range(steps), unit="step", desc="training")
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (1 - step / steps)
        total = torch.zeros(())
        for kind in ("sentence", "chunk"):
            own, other = chance.choice(languages, 2, p=shares)
            total = total + lose_parallel(maps, kind, sets[own], sets[other], chance)
            total = total + 2 * CASES * lose_single(maps, kind, sets["cases"], chance)
            alone = str(chance.choice(list(SINGLE)))
            total = total + 2 * ALONE * lose_single(maps, kind, sets[alone], chance)
        optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        share = min(0.998, (step + 1) / (step + 20))
        for name, value in maps.named_parameters():
            kept[name].mul_(share).add_(value.detach(), alpha=1 - share)
        bar.set_postfix(loss=f"{float(total.detach()):.2f}")
    maps.load_state_dict(kept)
    return maps


def write_alignment(maps: Maps, made: dict[str, Any], path: Path) -> None:
    """Write the maps, 16-bit matrices, and what made them."""
    arrays: dict[str, NDArray[Any]] = {}
    for kind in KINDS:
        down, up = maps.down[kind], maps.up[kind]
        arrays[f"{kind}_mean"] = maps.means[kind].numpy().astype(np.float32)
        arrays[f"{kind}_down"] = down.weight.detach().numpy().astype(np.float16)  # type: ignore[operator]
        arrays[f"{kind}_up"] = up.weight.detach().numpy().astype(np.float16)  # type: ignore[operator]
        arrays[f"{kind}_shift"] = up.bias.detach().numpy().astype(np.float32)  # type: ignore[operator]
    np.savez(path, allow_pickle=False, made=np.array(json.dumps(made, sort_keys=True)), **arrays)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def main() -> None:
    """Encode, train and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of question sets")
    parser.add_argument("--work", type=Path, default=Path("var/training"), help="what is kept")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    encoder = load_plain_encoder("", arguments.var / "models", print)
    arguments.work.mkdir(parents=True, exist_ok=True)
    sets = list(read_sets(arguments.data))
    encoded = {one.name: encode(one, encoder, arguments.work) for one in sets}
    began = time.monotonic()
    maps = train(encoded, arguments.steps, arguments.seed)
    made = {
        "format": alignment.FORMAT,
        "command": (
            f"python -m training.alignment --steps {arguments.steps} --seed {arguments.seed}"
        ),
        "encoder": encoder.identity.partition("-int8-")[0],
        "data": {one.name: one.digest for one in sets},
        "licence": "CC BY-SA 4.0, as its data; see NOTICE",
    }
    write_alignment(maps, made, alignment.PATH)
    print(f"{alignment.PATH} is written, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
