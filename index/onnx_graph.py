"""The graph of an exported model, rewritten so that onnxruntime does less for the same vectors.

A rewriting that does not know what it meets leaves it as it is. benchmarks/LOG.md has what each one
gains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

_MICROSOFT = "com.microsoft"  # operators of onnxruntime's own


class _Graph:
    """A model's graph as rewritings see it: what makes a value, who uses it, and its constants."""

    def __init__(self, model: Any) -> None:
        self.graph = model.graph
        self.constants = {each.name: each for each in self.graph.initializer}
        self.makers = {name: node for node in self.graph.node for name in node.output}
        self.users: dict[str, list[Any]] = {}
        for node in self.graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)

    def read(self, name: str) -> Any:
        """Return a constant as an array."""
        import onnx

        return onnx.numpy_helper.to_array(self.constants[name])

    def hold(self, name: str, array: Any) -> str:
        """Add a constant and return its name."""
        import onnx

        self.graph.initializer.append(
            onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        )
        return name

    def trace(self, name: str, kinds: Iterable[str]) -> list[Any]:
        """Return the nodes that make a value, the last first, by first inputs; [] for others.

        `kinds` are the operators that are expected.
        """
        nodes = []
        for kind in kinds:
            node = self.makers.get(name)
            if node is None or node.op_type != kind:
                return []
            nodes.append(node)
            name = node.input[0]
        return nodes

    def follow(self, name: str, kinds: Iterable[str]) -> list[Any]:
        """Return the nodes that a value goes through, each the only user of the one before."""
        nodes = []
        for kind in kinds:
            users = self.users.get(name, [])
            if len(users) != 1 or users[0].op_type != kind:
                return []
            nodes.append(users[0])
            name = users[0].output[0]
        return nodes

    def replace(self, made: dict[str, list[Any]], gone: Collection[str]) -> None:
        """Put nodes in the places of others, by the first output of those, and leave others out."""
        nodes: list[Any] = []
        for node in self.graph.node:
            name = node.output[0]
            nodes += made.get(name, [] if name in gone else [node])
        del self.graph.node[:]
        self.graph.node.extend(nodes)
        used = {name for node in nodes for name in node.input}
        kept = [each for each in self.graph.initializer if each.name in used]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)


def merge_projections(model: Any) -> int:
    """Have each attention take its queries, keys and values from one product; returns how many.

    Of a model exported with attention as one operator, whose three products have one input and a
    bias each, and which reads one text at a time: no text is padded, so the mask is left out.
    """
    import onnx

    graph = _Graph(model)
    make = onnx.helper.make_node
    made: dict[str, list[Any]] = {}
    gone: set[str] = set()
    for node in list(graph.graph.node):
        if node.op_type != "Attention" or node.domain:
            continue
        steps = ("Transpose", "Reshape", "Add", "MatMul")
        parts = [graph.trace(name, steps) for name in node.input[:3]]
        ends = graph.follow(node.output[0], ("Transpose", "Reshape"))
        if not all(parts) or not ends or len({part[3].input[0] for part in parts}) != 1:
            continue
        names = [(part[3].input[1], part[2].input[1]) for part in parts]
        shape = parts[0][1].input[1]
        if not all(
            each in graph.constants for each in (shape, *(n for pair in names for n in pair))
        ):
            continue
        weights = [graph.read(weight) for weight, _ in names]
        heads = int(graph.read(shape).reshape(-1)[-2])  # texts, sub-words, heads, width of one
        if len({each.shape for each in weights}) != 1 or heads < 1:
            continue
        name = node.name or node.output[0]
        weight = graph.hold(f"{name}.weight", np.concatenate(weights, axis=1))
        bias = graph.hold(f"{name}.bias", np.concatenate([graph.read(each) for _, each in names]))
        taken = [f"{name}.{each}" for each in ("query", "key", "value")]
        scale = {each.name: each.f for each in node.attribute if each.name == "scale"}
        made[node.output[0]] = [
            make("MatMul", [parts[0][3].input[0], weight], [f"{name}.product"], f"{name}.product"),
            make("Add", [f"{name}.product", bias], [f"{name}.sum"]),
            make("Split", [f"{name}.sum"], taken, num_outputs=3, axis=-1),
            make("Attention", taken, [ends[1].output[0]], q_num_heads=heads,
                 kv_num_heads=heads, **scale),
        ]  # fmt: skip
        gone |= {each.output[0] for part in parts for each in part}
        gone |= {each.output[0] for each in ends}
    graph.replace(made, gone)
    return len(made)


def quantize_rows(model: Any, products: Collection[str]) -> None:
    """Put products, by their names, into 8 bits with a scale for each row of their input.

    A row is a sub-word, so where one peaks far above the rest, it alone is rounded coarsely. Rows
    of weights are rounded by column, inputs around 0.
    """
    import onnx

    if not products:
        return
    graph = _Graph(model)
    make = onnx.helper.make_node
    one, zero = graph.hold("rows.one", np.float32(1)), graph.hold("rows.zero", np.uint8(128))
    step = graph.hold("rows.step", np.float32(1 / 127))
    least = graph.hold("rows.least", np.float32(1e-30))  # of a row of nothing
    axes, last = graph.hold("rows.axes", np.array([0, 2])), graph.hold("rows.last", np.array([1]))
    made: dict[str, list[Any]] = {}
    for number, node in enumerate(each for each in graph.graph.node if each.name in products):
        given, weight = node.input
        held = graph.read(weight)
        scales = (np.maximum(np.abs(held).max(axis=0), 1e-30) / 127).astype(np.float32)
        whole = graph.hold(f"{weight}.whole", np.round(held / scales).astype(np.int8))
        scale = graph.hold(f"{weight}.scale", scales)
        p = f"rows.{number}."
        zeros = onnx.numpy_helper.from_array(np.array([128], np.uint8))
        made[node.output[0]] = [
            make("Abs", [given], [f"{p}size"]),
            make("ReduceMax", [f"{p}size", axes], [f"{p}largest"], keepdims=0),
            make("Max", [f"{p}largest", least], [f"{p}peak"]),
            make("Mul", [f"{p}peak", step], [f"{p}step"]),
            make("Shape", [f"{p}step"], [f"{p}shape"]),
            make("ConstantOfShape", [f"{p}shape"], [f"{p}zeros"], value=zeros),
            make("QuantizeLinear", [given, f"{p}step", f"{p}zeros"], [f"{p}rounded"], axis=1),
            make("MatMulIntegerToFloat", [f"{p}rounded", whole, one, scale, zero],
                 [f"{p}product"], domain=_MICROSOFT),
            make("Unsqueeze", [f"{p}step", last], [f"{p}steps"]),
            make("Mul", [f"{p}product", f"{p}steps"], [node.output[0]]),
        ]  # fmt: skip
    graph.replace(made, ())
    if not any(each.domain == _MICROSOFT for each in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid(_MICROSOFT, 1))
