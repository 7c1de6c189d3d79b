"""A Sentence Transformers folder exported for onnxruntime, in 8 bits, compared before it is used.

It happens once, in a process of its own whose memory is given back, see `exported_model`; that is
`python -m index.encoder.export.onnx_export FOLDER PLACE`. A plain BERT takes a few seconds and .6
GB; every other model is traced by torch, which takes several times as much.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import ModelError
from index.encoder.encoder import Vectors
from index.encoder.export.bert_graph import OPSET, build_graph, read_bert
from index.encoder.export.onnx_graph import (
    find_products,
    give_inner,
    merge_projections,
    quantize_products,
    quantize_tables,
)
from index.encoder.onnx_encoder import (
    INNER,
    ROW,
    STATES,
    TRAITS,
    WEIGHTS,
    OnnxEncoder,
    open_onnxruntime,
)
from index.encoder.text_encoder import TextEncoder
from index.encoder.tokenizer import TOKENIZER, write_unigram
from index.languages.everyday import PATH as ORDINARY

RECIPE = "int8-7"  # part of the identity: raise it when the export gives other vectors
_NEAR = 0.98
# One scale is too coarse for an input that peaks this far above its root mean square: each of its
# rows gets its own. In the bundled model these are 7 of 48; benchmarks/LOG.md has what each choice
# costs.
_PEAK = 50.0
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


def export(folder: Path, place: Path) -> None:
    """Write the model of `folder` into `place`; raises ModelError where its vectors stray.

    Weights are rounded by channel, inputs by the range they have in ordinary sentences; those with
    outliers, which would take the range from all else, row by row.
    """
    import onnx

    whole = place / "whole"
    whole.mkdir()
    if not write_unigram(folder / TOKENIZER, place):
        shutil.copyfile(folder / TOKENIZER, place / TOKENIZER)
    plain, model = _open_plain(folder, place, whole)
    ranges, peaked = _find_ranges(model, plain, whole)
    quantize_products(model, ranges, peaked)
    quantize_tables(model, whole)
    if STATES in [each.name for each in model.graph.output]:
        give_inner(model, INNER)
    # Weights in a file of their own are mapped: of the vocabulary's 96 MB only rows that are read
    # take memory, and a model opens in 0.05 s instead of 0.25.
    onnx.save_model(model, place / WEIGHTS, save_as_external_data=True, location=f"{WEIGHTS}.data")
    del model
    (place / f"{WEIGHTS}.data").chmod(0o644)
    traits = replace(plain.traits, identity=f"{plain.traits.identity}-{RECIPE}", together=True)
    (place / TRAITS).write_text(json.dumps(asdict(traits)), "utf-8")
    if not _reads_together(OnnxEncoder(place)):
        (place / TRAITS).write_text(json.dumps(asdict(replace(traits, together=False))), "utf-8")
    _compare(plain, OnnxEncoder(place), folder)
    shutil.rmtree(whole)


def _open_plain(folder: Path, place: Path, whole: Path) -> tuple[Any, Any]:
    """Return an encoder of the model as it is, in 32 bits, and its graph.

    The graph's large weights are written into the folder `whole`, whose tokenizer is that of
    `place`.
    """
    import onnx

    bert = read_bert(folder)
    if bert is None:
        from index.encoder.sentence_transformer import SentenceEncoder

        plain = SentenceEncoder(folder)
        _trace(plain, whole / WEIGHTS)
        model = onnx.load(whole / WEIGHTS)
        merge_projections(model)
        return plain, model
    for path in place.iterdir():
        if path.is_file():
            shutil.copyfile(path, whole / path.name)
    (whole / TRAITS).write_text(json.dumps(asdict(bert.read_traits())), "utf-8")
    model = build_graph(bert, whole / "tables.data")
    onnx.save_model(model, whole / WEIGHTS)
    return OnnxEncoder(whole), model


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
            output_names=outputs, opset_version=OPSET,
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
