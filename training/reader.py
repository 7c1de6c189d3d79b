"""Make the bundled reader: train its network, calibrate it, write `index/reader/reader.npz`.

    python -m training.reader --data FOLDER

FOLDER holds the question sets that training/README.md lists. Their collections are built, searched
and read once, by the product's own code, and kept in `--work` (about 6 GB); then `--steps` of
training are made, one process for each core. A checkpoint is written every few minutes, and a
stopped run goes on from it. The seed is fixed. benchmarks/LOG.md has what was tried.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed

from index.models import load_encoder, load_plain_encoder
from index.reader.evidence import FEATURES
from training.batches import Array, Drawn, give_batches, list_questions, open_part, stack
from training.collections import open_collection, read_collections
from training.groups import Groups, draw_far, make_groups
from training.network import Network, lose

# How often a round has each set: company cases are what is asked for in the end.
TIMES = {"cases": 3.0, "squad": 1.0, "cmrc": 1.5, "mixed": 2.0, "es-de": 1.0, "drcd": 1.0,
         "jaquad": 0.5}  # fmt: skip
RATE, DECAY, WARM, GROUPS = 1e-3, 0.02, 200, 16
SAVED = 300  # steps between checkpoints
READ = 8  # chunks that a question is judged on


def prepare(data: Path, work: Path, var: Path, only: Sequence[str]) -> dict[str, Groups]:
    """Return the groups of every set, made where they are not there yet."""
    made: dict[str, Groups] = {}
    missing = [name for name in only if not (work / "groups" / name / "articles.npy").exists()]
    if missing:
        plain = load_plain_encoder("", var / "models", print)
        encoder = load_encoder("", var / "models", print)
        sets = read_collections(data)
        for name in missing:
            asked = {each: questions for each, (_, questions) in sets.items()}
            far = draw_far(name, asked, np.random.default_rng(7))
            opened = open_collection(name, sets[name], work / "collections", encoder)
            make_groups(opened, far, plain, work / "groups" / name)
    for name in only:
        made[name] = Groups.open(name, work / "groups" / name)
    return made


def measure_features(sets: Sequence[Groups]) -> tuple[Array, Array]:
    """Return the mean and the spread (f,) float32 of the features, each set weighing alike."""
    means = [np.asarray(one.features[::7], np.float32).mean(0) for one in sets]
    spreads = [np.asarray(one.features[::7], np.float32).std(0) for one in sets]
    return np.mean(means, axis=0), np.maximum(np.mean(spreads, axis=0), 0.05)


def train(
    rank: int, world: int, work: Path, sets: dict[str, Groups], steps: int, seed: int, options: dict[str, Any]
) -> None:
    """Train one network by `world` processes, this the one of number `rank`."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    chance = np.random.default_rng([seed, rank])
    if world > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{(work / 'meeting').absolute()}", rank=rank,
            world_size=world,
        )  # fmt: skip
    every = list(sets.values())
    centre, spread = measure_features(every)
    width = every[0].states.shape[1]
    network = Network(width, len(FEATURES), **options)
    network.centre.copy_(torch.from_numpy(centre))
    network.spread.copy_(torch.from_numpy(spread))
    kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
    matrices = [each for each in network.parameters() if each.dim() > 1]
    rest = [each for each in network.parameters() if each.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.98),
    )  # fmt: skip
    path = work / "checkpoint.pt"
    done = 0
    if path.exists():
        held = torch.load(path, weights_only=True)
        network.load_state_dict(held["network"])
        optimizer.load_state_dict(held["optimizer"])
        kept, done = held["kept"], held["step"]
        chance = np.random.default_rng([seed, rank, done])
    network.train()
    batches = give_batches(every, [TIMES[name] for name in sets], GROUPS, centre, chance)
    began, losses = time.monotonic(), list[float]()
    first = done
    for step in range(done, steps):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM) * (1 - step / steps)
        *given, right = next(batches)
        logits, none = network(*given)
        loss = lose(logits, none, right).mean()
        optimizer.zero_grad()
        loss.backward()
        if world > 1:
            share_gradients(network, world)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        share = min(0.998, (step + 1) / (step + 50))
        for name, value in network.state_dict().items():
            kept[name].mul_(share).add_(value.detach(), alpha=1 - share)
        losses.append(float(loss.detach()))
        if rank == 0 and (step + 1) % 100 == 0:
            passed = time.monotonic() - began
            left = passed / (step + 1 - first) * (steps - step - 1)
            print(
                f"step {step + 1} of {steps}, loss {np.mean(losses[-100:]):.3f}, "
                f"{GROUPS * world * (step + 1 - first) / passed:.0f} groups/s, {left / 60:.0f} min left",
                flush=True,
            )
        if rank == 0 and ((step + 1) % SAVED == 0 or step + 1 == steps):
            draft = path.with_suffix(".tmp")
            torch.save(
                {"network": network.state_dict(), "optimizer": optimizer.state_dict(),
                 "kept": kept, "step": step + 1, "options": options}, draft,
            )  # fmt: skip
            draft.rename(path)


def share_gradients(network: Network, world: int) -> None:
    """Give every process the mean of all gradients."""
    held = [each.grad for each in network.parameters() if each.grad is not None]
    flat = torch.cat([each.flatten() for each in held])
    distributed.all_reduce(flat)
    at = 0
    for each in held:
        each.copy_((flat[at : at + each.numel()] / world).view_as(each))
        at += each.numel()


def open_question(groups: Groups, question: int) -> Drawn:
    """Return a question as it is answered: its READ best chunks, whole."""
    tokens = slice(*groups.asked_starts[question : question + 2].tolist())
    first, last = groups.found[question : question + 2].tolist()
    parts = [open_part(groups, at) for at in range(first, min(last, first + READ))]
    asked = groups.asked[tokens]
    return Drawn(asked, np.ones(len(asked), bool), parts)


def judge(network: Network, groups: Groups, most: int = 400) -> dict[str, float]:
    """Return how the network does on the questions of a set that judge."""
    network.eval()
    numbers = list_questions(groups, validated=True)
    numbers = numbers[:: max(1, len(numbers) // most)]
    first, answered, likely = [], [], []
    with torch.inference_mode():
        for question in numbers:
            drawn = open_question(groups, int(question))
            *given, right = stack([drawn], network.centre.numpy())
            logits, none = network(*given)
            flat, marks = logits.flatten(), right.flatten()
            likely.append(float(flat.max() - none))
            answered.append(bool(marks.any()))
            if marks.any():
                first.append(bool(marks[flat.argmax()]))
    yes = np.array(answered)
    scores = np.array(likely)
    better = (scores[yes][:, None] > scores[~yes]).mean() if yes.any() and not yes.all() else 0.0
    return {"n": len(numbers), "first": float(np.mean(first)), "auroc": float(better)}


def main() -> None:
    """Prepare, train, calibrate and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of question sets")
    parser.add_argument("--work", type=Path, default=Path("var/training"), help="what is kept")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", default=list(TIMES), choices=list(TIMES))
    arguments = parser.parse_args()
    sets = prepare(arguments.data, arguments.work, arguments.var, arguments.only)
    (arguments.work / "meeting").unlink(missing_ok=True)
    torch.multiprocessing.spawn(
        train,
        (arguments.processes, arguments.work, sets, arguments.steps, arguments.seed, {}),
        arguments.processes,
    )


if __name__ == "__main__":
    main()
