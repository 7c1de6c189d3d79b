"""index.encoder.export.onnx_graph: an exported graph does less, and gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from index.encoder.export.onnx_graph import (
    find_products,
    give_inner,
    merge_projections,
    quantize_products,
)
from index.encoder.onnx_encoder import open_onnxruntime

Floats = NDArray[np.float32]
HEADS, SIZE = 3, 4
WIDTH = HEADS * SIZE


def make_model(nodes: Sequence[Any], constants: dict[str, NDArray[Any]], width: int) -> Any:
    """Return a model from `x` (1, n, WIDTH) to `y` (1, n, width)."""
    sides = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "n", size])
        for name, size in (("x", WIDTH), ("y", width))
    ]
    held = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(list(nodes), "graph", sides[:1], sides[1:], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)], ir_version=10)


def run(model: Any, x: Floats) -> Floats:
    """Return what a model makes of an input."""
    onnx.checker.check_model(model)
    session = open_onnxruntime().InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": x})
    made: Floats = y
    return made


def make_attention(chance: np.random.Generator, fixed: bool) -> Any:
    """Return a model of one attention as torch exports it, for a `fixed` number of texts or any."""
    nodes = []
    constants: dict[str, NDArray[Any]] = {
        "split": np.array([1, -1, HEADS, SIZE]),
        "joined": np.array([1, -1, WIDTH]),
    }
    if not fixed:
        del constants["split"]
        constants |= {"any": np.array([-1]), "size": np.array([SIZE])}
        nodes = [
            helper.make_node("Shape", ["x"], ["texts"], end=1),
            helper.make_node("Shape", ["x"], ["words"], start=1, end=2),
            helper.make_node("Concat", ["texts", "words", "any", "size"], ["split"], axis=0),
        ]
    for part in "qkv":
        constants[f"{part}w"] = chance.standard_normal((WIDTH, WIDTH)).astype(np.float32)
        constants[f"{part}b"] = chance.standard_normal(WIDTH).astype(np.float32)
        nodes += [
            helper.make_node("MatMul", ["x", f"{part}w"], [f"{part}1"], f"{part}-product"),
            helper.make_node("Add", [f"{part}1", f"{part}b"], [f"{part}2"]),
            helper.make_node("Reshape", [f"{part}2", "split"], [f"{part}3"]),
            helper.make_node("Transpose", [f"{part}3"], [f"{part}4"], perm=[0, 2, 1, 3]),
        ]
    nodes += [
        helper.make_node("Attention", ["q4", "k4", "v4"], ["a"], "attention", scale=0.3),
        helper.make_node("Transpose", ["a"], ["t"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["t", "joined"], ["y"]),
    ]
    return make_model(nodes, constants, WIDTH)


@pytest.mark.parametrize("fixed", [True, False])
def test_attention_takes_one_product(fixed: bool) -> None:
    """Three products become one, the transposes go, and what comes out is the same."""
    chance = np.random.default_rng(5)
    model = make_attention(chance, fixed)
    x = chance.standard_normal((1, 7, WIDTH)).astype(np.float32)
    before = run(model, x)
    assert merge_projections(model) == 1
    kinds = [node.op_type for node in model.graph.node if node.op_type not in ("Shape", "Concat")]
    assert kinds == ["MatMul", "Add", "Split", "Attention"]
    assert sum(len(each.dims) == 2 for each in model.graph.initializer) == 1
    np.testing.assert_allclose(run(model, x), before, atol=1e-5)


def test_a_mask_stays() -> None:
    """What hides the words that texts are padded with is there afterwards too."""
    model = make_attention(np.random.default_rng(9), fixed=True)
    model.graph.node[-3].input.append("mask")
    assert merge_projections(model) == 1
    assert model.graph.node[-1].input[3] == "mask"


@pytest.mark.parametrize("change", ["another input", "no bias", "another order"])
def test_an_attention_of_another_kind_stays(change: str) -> None:
    """What is not exactly known is left as it is, to the byte."""
    model = make_attention(np.random.default_rng(6), fixed=True)
    nodes = {node.name or node.output[0]: node for node in model.graph.node}
    if change == "another input":
        nodes["v-product"].input[0] = "q2"
    elif change == "no bias":
        nodes["k3"].input[0] = "k1"
    else:
        nodes["t"].op_type = "Identity"
        del nodes["t"].attribute[:]
    before = model.SerializeToString()
    assert merge_projections(model) == 0
    assert model.SerializeToString() == before


def make_product(chance: np.random.Generator, columns: int = 5) -> tuple[Any, Floats]:
    """Return a model of one product with a bias, and its weights."""
    weight = chance.standard_normal((WIDTH, columns)).astype(np.float32)
    bias = np.arange(columns, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"], "product"),
        helper.make_node("Add", ["p", "b"], ["y"]),
    ]
    return make_model(nodes, {"w": weight, "b": bias}, columns), weight


@pytest.mark.parametrize("low", [-6_000.0, -1.0])
def test_a_row_that_peaks_rounds_no_other(low: float) -> None:
    """Each row is rounded by its own peak, also where only numbers above 0 are looked at."""
    chance = np.random.default_rng(7)
    model, weight = make_product(chance)
    assert find_products(model) == {"product": "x"}
    x = chance.standard_normal((1, 6, WIDTH)).astype(np.float32)
    if low == -1.0:
        x = np.maximum(x, low).astype(np.float32)
    x[0, 0, 3], x[0, 4] = 5_000.0, 0.0
    quantize_products(model, {"x": (low, 5_000.0)}, ["product"])
    made = run(model, x)[0] - np.arange(5)
    assert not made[4].any()
    others = [1, 2, 3, 5]
    assert np.abs(made - x[0] @ weight)[others].max() < 0.15  # by one scale for all they were 0
    np.testing.assert_allclose(made[0], (x[0] @ weight)[0], rtol=0.02, atol=20)


def test_a_product_is_rounded_by_the_range_it_has() -> None:
    """What is in the range is near, what is beyond it is cut; the bias is taken in."""
    chance = np.random.default_rng(8)
    model, weight = make_product(chance)
    quantize_products(model, {"x": (-1.0, 2.0)}, [])
    assert [node.op_type for node in model.graph.node] == ["QuantizeLinear", "MatMulIntegerToFloat"]
    x: Floats = chance.uniform(-1, 2, (1, 6, WIDTH)).astype(np.float32)
    exact = x[0] @ weight + np.arange(5)
    np.testing.assert_allclose(run(model, x)[0], exact, atol=0.1)
    np.testing.assert_array_equal(
        run(model, (x + 9).astype(np.float32)), run(model, np.full_like(x, 2.0))
    )


@pytest.mark.parametrize("rows", [["product"], []])
def test_texts_do_not_round_each_other(rows: list[str]) -> None:
    """Read together, texts have the numbers to the bit that each has alone."""
    chance = np.random.default_rng(9)
    model, _ = make_product(chance)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "texts"
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "texts"
    quantize_products(model, {"x": (-3.0, 3.0)}, rows)
    sizes = np.array([1, 5, 0, 0.1]).reshape(4, 1, 1)
    x: Floats = (chance.standard_normal((4, 6, WIDTH)) * sizes).astype(np.float32)
    alone = np.concatenate([run(model, text[None]) for text in x])
    np.testing.assert_array_equal(run(model, x), alone)


STEPS = np.random.default_rng(2).standard_normal((25, WIDTH)).astype(np.float32)


def make_layers(norms: int) -> Any:
    """Return a model that adds one of STEPS to what it has and normalises that, so often."""
    constants: dict[str, NDArray[Any]] = {f"s{n}": step for n, step in enumerate(STEPS[:norms])}
    constants |= {"scale": np.ones(WIDTH, np.float32), "bias": np.zeros(WIDTH, np.float32)}
    nodes, last = [], "x"
    for number in range(norms):
        made = "y" if number == norms - 1 else f"n{number}"
        nodes += [
            helper.make_node("Add", [last, f"s{number}"], [f"a{number}"]),
            helper.make_node("LayerNormalization", [f"a{number}", "scale", "bias"], [made]),
        ]
        last = made
    return make_model(nodes, constants, WIDTH)


@pytest.mark.parametrize(("layers", "inner"), [(1, 1), (2, 1), (3, 2), (6, 4), (12, 8)])
def test_the_states_of_an_inner_layer_are_given(layers: int, inner: int) -> None:
    """Those at two thirds of the depth, after both norms of that layer; else all is as before."""
    model = make_layers(2 * layers + 1)
    x = np.random.default_rng(3).standard_normal((1, 5, WIDTH)).astype(np.float32)
    before = run(model, x)
    assert give_inner(model, "inner")
    session = open_onnxruntime().InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    y, given = session.run(["y", "inner"], {"x": x})
    np.testing.assert_array_equal(y, before)
    wanted = x
    for step in STEPS[: 2 * inner + 1]:
        wanted = wanted + step
        wanted = wanted - wanted.mean(axis=-1, keepdims=True)
        wanted = wanted / np.sqrt(np.square(wanted).mean(axis=-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(given, wanted, atol=1e-4)


@pytest.mark.parametrize("norms", [0, 1, 2, 6])
def test_a_model_of_other_layers_gives_none(norms: int) -> None:
    """It stays as it is, to the byte."""
    model = make_layers(norms) if norms else make_product(np.random.default_rng(4))[0]
    before = model.SerializeToString()
    assert not give_inner(model, "inner")
    assert model.SerializeToString() == before
