"""Make the bundled reader: train its network, calibrate it, write `index/reader/reader.npz`.

    python -m training.reader --data FOLDER

FOLDER holds the question sets that training/README.md lists. Their collections are built, searched
and read once, by the product's own code, and kept in `--work` (about 6 GB); then `--steps` of
training are made, one process for each core. A checkpoint is written every few minutes, and a
stopped run goes on from it, but draws other groups than it would have: its weights end near those
of one that was not stopped, not on them. The seed is fixed. benchmarks/LOG.md has what was tried.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn

from index.encoder.projection import Projection
from index.models import load_encoder, load_plain_encoder
from index.reader.calibration import FEATURES as CALIBRATED
from index.reader.features import FEATURES
from index.reader.weights import FORMAT, PATH
from training import confidence, late_interaction
from training.batches import give_batches
from training.collections import list_files, open_collection, read_collections
from training.export import export_projection, write_reader
from training.groups import Array, Groups, draw_far, make_groups
from training.network import Network, lose

# How often a round has each set: company cases are what is asked for in the end.
TIMES = {"cases": 2.0, "written": 3.0, "swapped": 1.0, "squad": 0.7, "cmrc": 1.2, "mixed": 2.0,
         "es-de": 1.0, "drcd": 1.0, "everyday": 1.0}  # fmt: skip
RATE, DECAY, WARM, GROUPS = 1e-3, 0.02, 200, 16
SAVED = 300  # steps between checkpoints


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
    rank: int,
    world: int,
    work: Path,
    names: Sequence[str],
    steps: int,
    seed: int,
    rate: float,
    start: Path | None,
) -> None:
    """Train one network by `world` processes, this the one of number `rank`.

    `start` is a checkpoint of another training whose weights it begins with.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    chance = np.random.default_rng([seed, rank])
    if world > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{(work / 'meeting').absolute()}", rank=rank,
            world_size=world,
        )  # fmt: skip
    every = [Groups.open(name, work / "groups" / name) for name in names]
    centre, spread = measure_features(every)
    width = every[0].states.shape[1]
    network = Network(width, len(FEATURES))
    network.centre.copy_(torch.from_numpy(centre))
    network.spread.copy_(torch.from_numpy(spread))
    kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
    matrices = [each for each in network.parameters() if each.dim() > 1]
    rest = [each for each in network.parameters() if each.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}],
        lr=rate, betas=(0.9, 0.98),
    )  # fmt: skip
    path = work / "checkpoint.pt"
    done = 0
    if start is not None and not path.exists():
        network.load_state_dict(torch.load(start, weights_only=True)["kept"])
        kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
    if path.exists():
        held = torch.load(path, weights_only=True)
        network.load_state_dict(held["network"])
        optimizer.load_state_dict(held["optimizer"])
        kept, done = held["kept"], held["step"]
        chance = np.random.default_rng([seed, rank, done])
    network.train()
    batches = give_batches(every, [TIMES[name] for name in names], GROUPS, centre, chance)
    began, losses = time.monotonic(), list[float]()
    first = done
    for step in range(done, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / WARM) * (1 - step / steps)
        *given, right = next(batches)
        logits, none = network(*given)
        loss = lose(logits, none, right).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
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
                f"{GROUPS * world * (step + 1 - first) / passed:.0f} groups/s, "
                f"{left / 60:.0f} min left",
                flush=True,
            )
        if rank == 0 and ((step + 1) % SAVED == 0 or step + 1 == steps):
            draft = path.with_suffix(".tmp")
            torch.save(
                {"network": network.state_dict(), "optimizer": optimizer.state_dict(),
                 "kept": kept, "step": step + 1}, draft,
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


def write(work: Path, sets: dict[str, Groups], made: dict[str, Any], seed: int) -> None:
    """Calibrate what the checkpoint holds and write the reader's file, with figures.

    What compares sub-words in finding is learned of the same states; see late_interaction.
    """
    held = torch.load(work / "checkpoint.pt", weights_only=True)
    width = next(iter(sets.values())).states.shape[1]
    network = Network(width, len(FEATURES))
    network.load_state_dict(held["kept"])
    told = {name: confidence.read_validated(network, one) for name, one in sets.items()}
    weights = confidence.fit(told)
    figures = {}
    for name, one in told.items():
        if not one.answered.any():
            continue
        likely = one.features @ weights
        figures[name] = {
            "questions": len(one.right),
            "first": round(float(one.right.sum() / max(one.answered.sum(), 1)), 3),
            "auroc": round(confidence.tell_apart(likely, one.answered), 3),
            "right, told apart": round(confidence.tell_apart(likely, one.right), 3),
        }
        print(f"{name}: {figures[name]}")
    print(dict(zip(CALIBRATED, weights.round(2).tolist(), strict=True)))
    interaction = late_interaction.train(sets, Projection(export_projection(network)), seed)
    write_reader(network, weights, interaction, {**made, "figures": figures}, PATH)
    print(f"{PATH} is written, {PATH.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    """Prepare, train, calibrate and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of question sets")
    parser.add_argument("--work", type=Path, default=Path("var/training"), help="what is kept")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--start", type=Path, help="a checkpoint to begin with the weights of")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", default=list(TIMES), choices=list(TIMES))
    arguments = parser.parse_args()
    sets = prepare(arguments.data, arguments.work, arguments.var, arguments.only)
    (arguments.work / "meeting").unlink(missing_ok=True)
    spawn(  # type: ignore[no-untyped-call]
        train,
        (
            arguments.processes,
            arguments.work,
            arguments.only,
            arguments.steps,
            arguments.seed,
            arguments.rate,
            arguments.start,
        ),
        arguments.processes,
    )
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in list_files(arguments.data, arguments.only)
    }
    made = {
        "format": FORMAT,
        "command": f"python -m training.reader --steps {arguments.steps} --seed {arguments.seed} "
        f"--processes {arguments.processes}",
        "encoder": load_plain_encoder("", arguments.var / "models", print).identity.partition(
            "-int8-"
        )[0],
        "data": digests,
        "licence": "CC BY-SA 4.0, as its data; see NOTICE",
    }  # fmt: skip
    write(arguments.work, sets, made, arguments.seed)


if __name__ == "__main__":
    main()
