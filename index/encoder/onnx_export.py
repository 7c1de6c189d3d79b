"""A Sentence Transformers folder exported for onnxruntime, in 8 bits, compared before it is used.

The export needs torch and half a minute, so it happens once, in a process of its own whose memory
is given back, and is kept below `models`; it is `python -m index.encoder.onnx_export FOLDER PLACE`.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import ModelError
from corpus.files import sync
from index.encoder.encoder import Vectors
from index.encoder.onnx_encoder import (
    INNER,
    ROW,
    STATES,
    TRAITS,
    WEIGHTS,
    OnnxEncoder,
    open_onnxruntime,
)
from index.encoder.onnx_graph import (
    find_products,
    give_inner,
    merge_projections,
    quantize_products,
)
from index.encoder.text_encoder import TextEncoder, list_model_files
from index.encoder.tokenizer import TOKENIZER, write_unigram
from index.languages.everyday import PATH as ORDINARY

RECIPE = "int8-7"  # part of the identity: raise it when the export gives other vectors
_SOURCE, _REFUSED, _LOCK = "source.json", "refused.txt", ".export.lock"
_PATIENCE = 900  # seconds for an export
_NEAR = 0.98
# One scale is too coarse for an input that peaks this far above its root mean square: each of its
# rows gets its own. In the bundled model these are 7 of 48; benchmarks/LOG.md has what each choice
# costs.
_PEAK = 50.0
_OPSET = 23  # the first with attention as one operator: 400 sub-words take 99 ms instead of 167
_PAIRS = (
    ("How many people drink the water of the plant?", "The plant serves three million people."),
    ("Who built the solar park in Chile?", "An engineer from Lund led the building of the park."),
    ("When was the bridge opened?", "The bridge has carried trains since the spring of 1999."),
    ("工厂如何减少噪音？", "施工期间采取了隔音措施，减少了对周围居民的影响。"),
    ("公司捐赠了多少台路灯？", "该公司向村庄捐赠了一百二十盏太阳能路灯。"),
    ("¿Qué hicieron los voluntarios en la playa?", "Recogieron mil bolsas de basura."),
    ("Wie wird das Abwasser wiederverwendet?", "Das gereinigte Wasser kühlt die Anlage."),
    ("Кто получил стипендии?", "Стипендии достались двадцати студентам из сельских школ."),
)  # fmt: skip


def prepare(folder: Path, models: Path, report: Callable[[str], None]) -> Path:
    """Return the folder of the exported model, exporting it first if need be.

    Raises ModelError, in one line, where the model cannot be exported or its vectors stray; that is
    remembered until the model changes. `report` is told before the minute begins. One that is
    damaged is exported anew; of two processes at once, the second waits for what the first makes.
    """
    place = find_place(folder, models)
    source = _describe_source(folder)
    if _is_whole(place, source):
        return place
    report(f"Preparing the model {folder.name} for onnxruntime (once, about a minute)")
    try:
        models.mkdir(parents=True, exist_ok=True)
        with (models / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel's: a dead process holds none
            if not _is_whole(place, source):  # another process was not there first
                _make(folder, place, source)
    except OSError as error:
        raise ModelError(f"{place}: cannot write the model ({error.strerror})") from error
    if not _is_whole(place, source):
        raise ModelError(f"{folder}: changes while it is exported; start again when it is complete")
    return place


def find_place(folder: Path, models: Path) -> Path:
    """Return where the export of a model is kept: models of one name in two places have two."""
    if folder.parent.resolve() == models.resolve():
        return models / f"{folder.name}-{RECIPE}"
    digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:8]
    return models / f"{folder.name}-{RECIPE}-{digest}"


def _make(folder: Path, place: Path, source: dict[str, Any]) -> None:
    """Export beside the place and rename, so that what stands there is whole.

    What a killed export left is taken away first.
    """
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        reason = _export_apart(folder, draft)
        if reason:
            (draft / _REFUSED).write_text(reason, "utf-8")
        described = {"source": source, "files": _list_sizes(draft)}
        (draft / _SOURCE).write_text(json.dumps(described), "utf-8")
        for path in draft.iterdir():
            sync(path)
        draft.chmod(0o755)
        if place.exists():
            place.rename(draft.with_name(draft.name + "-old"))
        draft.rename(place)
        sync(place.parent)
    finally:
        for left in (draft, draft.with_name(draft.name + "-old")):
            shutil.rmtree(left, ignore_errors=True)


def _is_whole(place: Path, source: dict[str, Any]) -> bool:
    """Tell whether an export of this very model is there; raises ModelError for one refused."""
    try:
        described = json.loads((place / _SOURCE).read_bytes())
        whole = bool(described == {"source": source, "files": _list_sizes(place)})
        refused = (place / _REFUSED).read_text("utf-8") if (place / _REFUSED).exists() else ""
    except (OSError, ValueError):
        return False
    if whole and refused:
        raise ModelError(refused)
    return whole


def _list_sizes(place: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in place.iterdir() if path.name != _SOURCE}


def _describe_source(folder: Path) -> dict[str, Any]:
    """Return what tells that a model has not changed, without reading its half gigabyte."""
    files = [(path, path.stat()) for path in list_model_files(folder)]
    return {
        path.relative_to(folder).as_posix(): [status.st_size, status.st_mtime_ns]
        for path, status in files
    }


def _export_apart(folder: Path, place: Path) -> str:
    """Export in another process; returns why the model cannot be exported, or nothing.

    Raises ModelError where another time it may: the process was killed, not let end, or had no
    room, memory or library.
    """
    paths = [str(path.absolute()) for path in (folder, place)]  # it works in another folder
    command = [sys.executable, "-m", "index.encoder.onnx_export", *paths]
    root = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": str(root)}
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=root, env=environ, capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{folder.name}: not exported ({_PATIENCE} s were not enough)") from None
    if done.returncode == 0:
        return ""
    if done.returncode < 0:
        raise ModelError(f"{folder.name}: not exported (killed by signal {-done.returncode})")
    last = (done.stderr.strip() or "no reason given").splitlines()[-1][:200]
    if done.returncode == os.EX_TEMPFAIL:
        raise ModelError(f"{folder.name}: not exported ({last})")
    return f"{folder.name}: cannot be exported ({last})"


def export(folder: Path, place: Path) -> None:
    """Write the model of `folder` into `place`; raises ModelError where its vectors stray.

    Weights are rounded by channel, inputs by the range they have in ordinary sentences; those with
    outliers, which would take the range from all else, row by row.
    """
    import onnx

    from index.encoder.sentence_transformer import SentenceEncoder

    quantization = open_onnxruntime("quantization")
    plain = SentenceEncoder(folder)
    whole, small = place / "whole.onnx", place / "small.onnx"
    _trace(plain, whole)
    model = onnx.load(whole)
    merge_projections(model)
    ranges, peaked = _find_ranges(model, plain, place)
    quantize_products(model, ranges, peaked)
    if plain.averages:
        give_inner(model, INNER)
    onnx.save_model(model, whole)
    quantization.quantize_dynamic(
        whole, small, weight_type=quantization.QuantType.QInt8, per_channel=True,
        op_types_to_quantize=["Gather"],
    )  # fmt: skip
    # Weights in a file of their own are mapped: of the vocabulary's 96 MB only rows that are read
    # take memory, and a model opens in 0.05 s instead of 0.25.
    onnx.save_model(
        onnx.load(small), place / WEIGHTS, save_as_external_data=True, location=f"{WEIGHTS}.data"
    )
    (place / f"{WEIGHTS}.data").chmod(0o644)
    for left in (*place.glob("whole.onnx*"), small):
        left.unlink()
    if not write_unigram(folder / TOKENIZER, place):
        shutil.copyfile(folder / TOKENIZER, place / TOKENIZER)
    traits = replace(plain.traits, identity=f"{plain.traits.identity}-{RECIPE}", together=True)
    (place / TRAITS).write_text(json.dumps(asdict(traits)), "utf-8")
    if not _reads_together(OnnxEncoder(place)):
        (place / TRAITS).write_text(json.dumps(asdict(replace(traits, together=False))), "utf-8")
    _compare(plain, OnnxEncoder(place), folder)


def _trace(plain: Any, path: Path) -> None:
    """Write a SentenceEncoder's model as it is: sub-words and mask (n, w) to rows (n, d).

    And to the states (n, w, d), where the rows are means of them.
    """
    import torch

    def average(features: dict[str, Any]) -> dict[str, Any]:
        # As a product its terms have one order, however many texts there are.
        states = features["token_embeddings"]
        mask = features["attention_mask"].to(states.dtype)
        total = (mask[:, None] @ states)[:, 0]
        return {**features, "sentence_embedding": total / mask.sum(1, keepdim=True).clamp(1e-9)}

    class Wrapped(torch.nn.Module):
        parts: torch.nn.ModuleList

        def forward(self, ids: Any, mask: Any) -> Any:
            features = {"input_ids": ids, "attention_mask": mask}
            for part in self.parts:
                mean = getattr(part, "pooling_mode", None) == "mean"
                features = average(features) if mean else part(features)
            given = features["sentence_embedding"], features["token_embeddings"]
            return given[: len(outputs)]

    outputs = [ROW, STATES] if plain.averages else [ROW]
    wrapped = Wrapped()
    wrapped.parts = torch.nn.ModuleList(plain.model)
    ids = torch.arange(5, 39).reshape(2, 17)
    either = dict.fromkeys((0, 1), torch.export.Dim.DYNAMIC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            wrapped.eval(), (ids, torch.ones_like(ids)), dynamo=True, verbose=False,
            dynamic_shapes={"ids": either, "mask": either}, input_names=["ids", "mask"],
            output_names=outputs, opset_version=_OPSET,
        )  # fmt: skip
    assert program is not None  # noqa: S101 - so with dynamo
    program.save(path)


def _find_ranges(
    model: Any, plain: Any, place: Path
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """Return the range of what each product with weights multiplies, by name, in sample texts.

    And the names of the products whose input peaks far above the rest.
    """
    import onnx

    products = find_products(model)
    names = sorted(set(products.values()))
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    for name in names:
        watched.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    path = place / "watched.onnx"
    onnx.save_model(watched, path, save_as_external_data=True, location=f"{path.name}.data")
    session = open_onnxruntime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for left in place.glob("watched.onnx*"):
        left.unlink()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}

    def note(windows: Sequence[list[int]]) -> Vectors:
        for window in windows:
            ids = np.array([window])
            given = session.run(names, {"ids": ids, "mask": np.ones_like(ids)})
            for name, values in zip(names, given, strict=True):
                peak = np.abs(values).max() / np.sqrt(np.square(values).mean())
                found[name].append((values.min(), values.max(), peak))
        return np.ones((len(windows), plain.dimension), np.float32)

    questions, passages = zip(*_PAIRS, strict=True)
    ordinary: dict[str, list[str]] = json.loads(ORDINARY.read_bytes())
    watching = TextEncoder(plain.splitter, plain.traits, note)
    watching.encode_queries(questions)
    watching.encode_passages([*passages, *itertools.chain(*ordinary.values())])
    ranges = {
        name: (float(min(low for low, _, _ in each)), float(max(high for _, high, _ in each)))
        for name, each in found.items()
    }
    peaked = [
        product
        for product, name in products.items()
        if np.mean([peak for _, _, peak in found[name]]) > _PEAK
    ]
    return ranges, peaked


def _reads_together(encoder: OnnxEncoder) -> bool:
    """Tell whether texts read together have the vectors, to the bit, that each has alone."""
    texts = [text for pair in _PAIRS for text in pair]
    alone = [encoder.read_queries([text])[0] for text in texts]
    return all(
        np.array_equal(one.vector, other.vector)
        and np.array_equal(one.find_part(text[:9]), other.find_part(text[:9]))
        for one, other, text in zip(alone, encoder.read_queries(texts), texts, strict=True)
    )


def _compare(plain: Any, small: OnnxEncoder, folder: Path) -> None:
    """Raise ModelError unless both give near vectors and the same nearest passages."""
    questions, passages = zip(*_PAIRS, strict=True)
    rows: list[tuple[Vectors, Vectors]] = [
        (each.encode_queries(questions), each.encode_passages(passages)) for each in (plain, small)
    ]
    nearest = [(asked @ said.T).argmax(axis=1) for asked, said in rows]
    least = min(float((a * b).sum(axis=1).min()) for a, b in zip(*rows, strict=True))
    if least < _NEAR or not np.array_equal(*nearest):
        raise ModelError(f"{folder.name}: in 8 bits its vectors stray (cosine {least:.3f})")


def may_pass(error: BaseException | None) -> bool:
    """Tell whether what failed may work another time: it, or its cause, is not the model's."""
    while error is not None:
        if isinstance(error, (OSError, MemoryError, ImportError)):
            return True
        error = error.__cause__
    return False


def main(folder: Path, place: Path) -> int:
    """Export and return the exit code; the last line of stderr is the reason."""
    try:
        export(folder, place)
    except Exception as error:  # noqa: BLE001 - the exporter raises whatever it likes
        reason = (str(error).strip() or "no reason given").splitlines()[0]
        print(f"{type(error).__name__}: {reason}", file=sys.stderr)
        return os.EX_TEMPFAIL if may_pass(error) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
