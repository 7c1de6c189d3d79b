"""The graph of an exported model, rewritten so that onnxruntime does less for the same vectors.

A rewriting that does not know what it meets leaves it as it is. benchmarks/LOG.md has what each one
gains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from index.encoder.export.bert_graph import read_rows

_MICROSOFT = "com.microsoft"  # operators of onnxruntime's own
_ONE_SIDED = 4.0  # times as far above 0 as below it
_DEPTH = 2 / 3  # whose states tell the most beside the last layer's, of 6, 8 and 10 of 12 layers


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

    def read_size(self, shape: str, place: int) -> int:
        """Return one of the sizes of a shape, 0 where it is not fixed."""
        if shape in self.constants:
            return int(self.read(shape).reshape(-1)[place])
        node = self.makers.get(shape)
        if node is None or node.op_type != "Concat" or node.input[place] not in self.constants:
            return 0
        return int(self.read(node.input[place]).reshape(-1)[0])

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
    bias each.
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
        size = graph.read_size(parts[0][1].input[1], -1)  # texts, sub-words, heads, width of one
        if not all(name in graph.constants for pair in names for name in pair):
            continue
        weights = [graph.read(weight) for weight, _ in names]
        if len({each.shape for each in weights}) != 1 or size < 1:
            continue
        heads = weights[0].shape[1] // size
        name = node.name or node.output[0]
        weight = graph.hold(f"{name}.weight", np.concatenate(weights, axis=1))
        bias = graph.hold(f"{name}.bias", np.concatenate([graph.read(each) for _, each in names]))
        taken = [f"{name}.{each}" for each in ("query", "key", "value")]
        scale = {each.name: each.f for each in node.attribute if each.name == "scale"}
        made[node.output[0]] = [
            make("MatMul", [parts[0][3].input[0], weight], [f"{name}.product"], f"{name}.product"),
            make("Add", [f"{name}.product", bias], [f"{name}.sum"]),
            make("Split", [f"{name}.sum"], taken, num_outputs=3, axis=-1),
            make("Attention", [*taken, *node.input[3:]], [ends[1].output[0]], q_num_heads=heads,
                 kv_num_heads=heads, **scale),
        ]  # fmt: skip
        gone |= {each.output[0] for part in parts for each in part}
        gone |= {each.output[0] for each in ends}
    graph.replace(made, gone)
    return len(made)


def give_inner(model: Any, name: str) -> bool:
    """Have a model give, as `name`, the states at two thirds of its depth; tells whether it does.

    Of a model that normalises once before its layers and twice in each, and no other.
    """
    import onnx

    norms = [node for node in model.graph.node if node.op_type == "LayerNormalization"]
    layers = len(norms) // 2
    if len(norms) % 2 == 0 or not layers:
        return False
    states = norms[2 * max(round(layers * _DEPTH), 1)].output[0]
    model.graph.node.append(onnx.helper.make_node("Identity", [states], [name]))
    kind = onnx.TensorProto.FLOAT
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    return True


def find_products(model: Any) -> dict[str, str]:
    """Return what each product with weights multiplies, by the product's name, in their order."""
    held = {each.name for each in model.graph.initializer if len(each.dims) == 2}
    return {
        node.name: node.input[0]
        for node in model.graph.node
        if node.op_type == "MatMul" and node.input[1] in held
    }


def quantize_products(
    model: Any, ranges: Mapping[str, tuple[float, float]], rows: Collection[str]
) -> None:
    """Put every product with weights into 8 bits.

    Weights are rounded by column. What they multiply is rounded by the least and the largest number
    it has in `ranges`, by its name, or, for the products named in `rows`, with a scale for each
    row, which is a sub-word: where one peaks far above the rest, it alone is rounded coarsely. So
    no text is rounded by what stands in another.
    """
    import onnx

    graph = _Graph(model)
    products = find_products(model)
    made: dict[str, list[Any]] = {}
    gone: set[str] = set()
    for number, node in enumerate(each for each in graph.graph.node if each.name in products):
        given, weight = node.input
        held = graph.read(weight)
        scales = (np.maximum(np.abs(held).max(axis=0), 1e-30) / 127).astype(np.float32)
        name = f"{'rows' if node.name in rows else 'whole'}.{number}"
        factor = graph.hold(f"{name}.factor", np.round(held / scales).astype(np.int8))
        column = graph.hold(f"{name}.column", scales)
        low, high = ranges[given]
        if node.name in rows:
            made[node.output[0]] = _multiply_by_row(graph, node, name, low, high, factor, column)
            continue
        low, high = min(low, 0.0), max(high, 1e-30)
        step = np.float32((high - low) / 255)
        scale = graph.hold(f"{name}.step", step)
        zero = graph.hold(f"{name}.zero", np.uint8(round(-low / float(step))))
        bias, (out,) = "", node.output
        users = graph.users.get(out, [])
        if len(users) == 1 and users[0].op_type == "Add":
            (other,) = [name for name in users[0].input if name != out] or [out]
            if other in graph.constants and len(graph.constants[other].dims) == 1:
                bias, (out,) = other, users[0].output
                gone.add(out)
        made[node.output[0]] = [
            onnx.helper.make_node("QuantizeLinear", [given, scale, zero], [f"{name}.rounded"]),
            onnx.helper.make_node(
                "MatMulIntegerToFloat",
                [f"{name}.rounded", factor, scale, column, zero, "", bias], [out],
                domain=_MICROSOFT,
            ),
        ]  # fmt: skip
    graph.replace(made, gone)
    if not any(each.domain == _MICROSOFT for each in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid(_MICROSOFT, 1))


def quantize_tables(model: Any, folder: Path) -> None:
    """Put every table that rows are gathered from into 8 bits, by its least and largest number.

    A table may stand in a file of `folder`; it is read a few rows at a time.
    """
    import onnx

    graph = _Graph(model)
    tables = {
        name: each
        for name, each in graph.constants.items()
        if len(each.dims) == 2 and each.data_type == onnx.TensorProto.FLOAT
    }
    made: dict[str, list[Any]] = {}
    for node in graph.graph.node:
        if node.op_type != "Gather" or node.input[0] not in tables:
            continue
        table, (name, given), (out,) = tables[node.input[0]], node.input, node.output
        ends = [(rows.min(), rows.max()) for rows in read_rows(table, folder)]
        low, high = min(0, *(a for a, _ in ends)), max(0, *(b for _, b in ends))
        step = (float(high) - float(low)) / 255 or 1.0
        zero = round(-float(low) / step)
        rounded = np.empty(tuple(table.dims), np.uint8)
        done = 0
        for rows in read_rows(table, folder):
            near = np.round(rows / np.float32(step)) + zero
            rounded[done : done + len(rows)] = np.clip(near, 0, 255)
            done += len(rows)
        scales = [
            graph.hold(f"{name}.step", np.float32(step)), graph.hold(f"{name}.zero", np.uint8(zero))
        ]  # fmt: skip
        taken = [graph.hold(f"{name}.rounded", rounded), given]
        made[out] = [
            onnx.helper.make_node("Gather", taken, [f"{out}.rounded"], axis=0),
            onnx.helper.make_node("DequantizeLinear", [f"{out}.rounded", *scales], [out]),
        ]
    graph.replace(made, ())


def _multiply_by_row(
    graph: _Graph, node: Any, name: str, low: float, high: float, factor: str, column: str
) -> list[Any]:
    """Return the nodes of a product whose every row is rounded by its own peak.

    A row of what is hardly below 0 peaks at its largest number, which spares looking at the others.
    """
    import onnx

    make = onnx.helper.make_node
    given, one_sided = node.input[0], high > _ONE_SIDED * -low
    least = graph.hold(f"{name}.least", np.float32(max(-low if one_sided else 0.0, 1e-30)))
    one, zero = graph.hold(f"{name}.one", np.float32(1)), graph.hold(f"{name}.zero", np.uint8(128))
    steps = graph.hold(f"{name}.steps", np.float32(127))
    last = graph.hold(f"{name}.last", np.array([-1]))
    size = given if one_sided else f"{name}.size"
    sized = [] if one_sided else [make("Abs", [given], [size])]
    return [
        *sized,
        make("ReduceMax", [size, last], [f"{name}.largest"], keepdims=1),
        make("Max", [f"{name}.largest", least], [f"{name}.peak"]),
        make("Div", [steps, f"{name}.peak"], [f"{name}.finer"]),
        make("Mul", [given, f"{name}.finer"], [f"{name}.scaled"]),
        make("QuantizeLinear", [f"{name}.scaled", one, zero], [f"{name}.rounded"]),
        make("MatMulIntegerToFloat", [f"{name}.rounded", factor, one, column, zero],
             [f"{name}.product"], domain=_MICROSOFT),
        make("Div", [f"{name}.peak", steps], [f"{name}.step"]),
        make("Mul", [f"{name}.product", f"{name}.step"], [node.output[0]]),
    ]  # fmt: skip
