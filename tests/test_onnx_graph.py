"""index.onnx_graph: an exported graph does less, and gives the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from index.onnx_graph import merge_projections, quantize_rows

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
    import onnxruntime

    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {"x": x})
    made: Floats = y
    return made


def make_attention(chance: np.random.Generator, heads: int = HEADS) -> Any:
    """Return a model of one attention as torch exports it, its last product of another input."""
    nodes = []
    constants: dict[str, NDArray[Any]] = {
        "split": np.array([1, -1, heads, WIDTH // heads]),
        "joined": np.array([1, -1, WIDTH]),
    }
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


def test_attention_takes_one_product() -> None:
    """Three products become one, the transposes go, and what comes out is the same."""
    chance = np.random.default_rng(5)
    model = make_attention(chance)
    x = chance.standard_normal((1, 7, WIDTH)).astype(np.float32)
    before = run(model, x)
    assert merge_projections(model) == 1
    assert [node.op_type for node in model.graph.node] == ["MatMul", "Add", "Split", "Attention"]
    assert len(model.graph.initializer) == 2
    np.testing.assert_allclose(run(model, x), before, atol=1e-5)


@pytest.mark.parametrize("change", ["another input", "no bias", "another order"])
def test_an_attention_of_another_kind_stays(change: str) -> None:
    """What is not exactly known is left as it is, to the byte."""
    model = make_attention(np.random.default_rng(6))
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


def test_a_row_that_peaks_rounds_no_other() -> None:
    """Each row is rounded by its own largest number, and the product is theirs in whole numbers."""
    chance = np.random.default_rng(7)
    weight = chance.standard_normal((WIDTH, 5)).astype(np.float32)
    node = helper.make_node("MatMul", ["x", "w"], ["y"], "product")
    model = make_model([node], {"w": weight}, 5)
    quantize_rows(model, ["product"])
    x = chance.standard_normal((1, 6, WIDTH)).astype(np.float32)
    x[0, 0, 3], x[0, 4] = 5_000.0, 0.0
    columns = np.abs(weight).max(axis=0) / np.float32(127)
    rows = np.maximum(np.abs(x[0]).max(axis=1, keepdims=True), 1e-30) / np.float32(127)
    expected = (np.round(x[0] / rows) @ np.round(weight / columns)) * columns * rows
    made = run(model, x)[0]
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6)
    assert not made[4].any()
    others = [1, 2, 3, 5]
    assert np.abs(made - x[0] @ weight)[others].max() < 0.1  # by one scale for all they were 0


def test_no_product_to_round_changes_nothing() -> None:
    """A model without outliers keeps its operators, and none of onnxruntime's own."""
    model = make_attention(np.random.default_rng(8))
    before = model.SerializeToString()
    quantize_rows(model, [])
    assert model.SerializeToString() == before
