"""A plain BERT in a Sentence Transformers folder as an ONNX graph, without torch.

The graph computes what tracing by torch gives once its projections are merged, to the bit; tracing
the bundled model takes 2.7 GB and a minute, this .5 GB and seconds. Other models are traced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.encoder.onnx_encoder import ROW, STATES
from index.encoder.text_encoder import Traits, find_prompts, identify

OPSET = 23  # the first with attention as one operator: 400 sub-words take 99 ms instead of 167
_IR = 10
_WEIGHTS = "model.safetensors"
_MODULES = ["Transformer", "Pooling", "Normalize"]
_ROWS = 16_384  # of a table, read at a time


@dataclass(frozen=True, slots=True)
class Bert:
    """What is told of one; `limit` is how many sub-words it reads at once."""

    folder: Path
    width: int
    layers: int
    heads: int
    epsilon: float
    limit: int
    prompts: tuple[str, str]

    def read_traits(self) -> Traits:
        """Return its traits; reads all of its files."""
        return Traits(identify(self.folder), self.width, self.limit, *self.prompts)


def read_bert(folder: Path) -> Bert | None:
    """Return what a folder says of its model where that is a BERT whose rows are means, made unit.

    None for every other model, and where anything about it is not said in the usual way.
    """
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        config = json.loads((folder / "config.json").read_bytes())
        parts = json.loads((folder / "modules.json").read_bytes())
        pooling = json.loads((folder / parts[1]["path"] / "config.json").read_bytes())
        reading = json.loads((folder / "sentence_bert_config.json").read_bytes())
        said = json.loads((folder / "config_sentence_transformers.json").read_bytes())
        modes = [name for name, on in pooling.items() if name.startswith("pooling_mode_") and on]
        if pooling.get("pooling_mode"):
            modes.append(f"pooling_mode_{pooling['pooling_mode']}_tokens")
        plain = (
            config["model_type"] == "bert"
            and config["hidden_act"] == "gelu"
            and config.get("position_embedding_type", "absolute") == "absolute"
            and config["hidden_size"] % config["num_attention_heads"] == 0
            and not config.get("is_decoder")
            and [part["type"].rpartition(".")[2] for part in parts] == _MODULES
            and parts[0]["path"] == ""
            and modes == ["pooling_mode_mean_tokens"]
            and not reading.get("do_lower_case")
        )
        bert = Bert(
            folder, config["hidden_size"], config["num_hidden_layers"],
            config["num_attention_heads"], config["layer_norm_eps"],
            min(reading["max_seq_length"], config["max_position_embeddings"]),
            find_prompts(said.get("prompts") or {}, folder),
        )  # fmt: skip
        if plain and _has_weights(bert):
            return bert
    return None


def build_graph(bert: Bert, tables: Path) -> Any:
    """Return a model: sub-words and mask (n, w) to rows (n, d) and to the states (n, w, d).

    The weights of its layers are in it, those of its embeddings are written to the file `tables`.
    """
    import onnx

    with _open(bert.folder / _WEIGHTS) as weights, tables.open("wb") as file:
        graph = _Graph(weights, file)
        states = _embed(graph, bert)
        mask = _mask(graph)
        for number in range(bert.layers):
            states = _add_layer(graph, bert, number, states, mask)
        _pool(graph, states)
    kinds, width = onnx.TensorProto, bert.width
    given = [
        onnx.helper.make_tensor_value_info(name, kinds.INT64, ["texts", "words"])
        for name in ("ids", "mask")
    ]
    made = [
        onnx.helper.make_tensor_value_info(ROW, kinds.FLOAT, ["texts", width]),
        onnx.helper.make_tensor_value_info(STATES, kinds.FLOAT, ["texts", "words", width]),
    ]
    # What onnxruntime infers of nothing else, and asks for before it fuses what comes after it.
    known = [
        onnx.helper.make_tensor_value_info(name, kinds.FLOAT, ["texts", "words", size])
        for name, size in graph.widths.items()
    ]
    whole = onnx.helper.make_graph(
        graph.nodes, "bert", given, made, graph.constants, value_info=known
    )
    opsets = [onnx.helper.make_opsetid("", OPSET)]
    return onnx.helper.make_model(whole, opset_imports=opsets, ir_version=_IR)


class _Graph:
    """Nodes and constants as they are added; every node's name is that of what it makes."""

    def __init__(self, weights: Any, tables: Any) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.widths: dict[str, int] = {}  # of what has a row for each sub-word
        self._weights, self._tables = weights, tables

    def add(self, kind: str, given: list[str], made: str, *more: str, **settings: Any) -> str:
        """Add a node and return the name of the first of what it makes."""
        import onnx

        node = onnx.helper.make_node(kind, given, [made, *more], made, **settings)
        self.nodes.append(node)
        return made

    def hold(self, name: str, array: Any) -> str:
        """Add a constant and return its name."""
        import onnx

        self.constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def read(self, name: str) -> NDArray[np.float32]:
        """Return a weight of the model."""
        array: NDArray[np.float32] = self._weights.get_tensor(name)
        return array

    def hold_table(self, name: str) -> str:
        """Write a weight of many rows to the file of tables, a few rows at a time; see `hold`."""
        import onnx

        part = self._weights.get_slice(name)
        rows, width = part.get_shape()
        tensor = onnx.TensorProto(
            name=name, dims=[rows, width], data_type=onnx.TensorProto.FLOAT,
            data_location=onnx.TensorProto.EXTERNAL,
        )  # fmt: skip
        file = self._tables
        place = {
            "location": Path(file.name).name,
            "offset": file.tell(),
            "length": rows * width * 4,
        }
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        for first in range(0, rows, _ROWS):
            file.write(part[first : min(first + _ROWS, rows)].tobytes())
        self.constants.append(tensor)
        return name

    def multiply(self, given: str, made: str, weight: Any, bias: Any) -> str:
        """Add a product with a weight (out, in) and a bias."""
        factor = self.hold(f"{made}.weight", weight.T)
        product = self.add("MatMul", [given, factor], f"{made}.product")
        self.widths[product] = self.widths[made] = len(bias)
        return self.add("Add", [product, self.hold(f"{made}.bias", bias)], made)

    def normalize(self, given: str, made: str, name: str, epsilon: float) -> str:
        """Add the normalisation of a layer of the model's, by its name."""
        parts = [self.hold(f"{name}.{part}", self.read(f"{name}.{part}"))
                 for part in ("weight", "bias")]  # fmt: skip
        self.widths[given] = self.widths[made] = len(self.read(f"{name}.bias"))
        return self.add("LayerNormalization", [given, *parts], made, axis=-1, epsilon=epsilon)


def _embed(graph: _Graph, bert: Bert) -> str:
    words, types, positions = (
        graph.hold_table(f"embeddings.{name}_embeddings.weight")
        for name in ("word", "token_type", "position")
    )
    zero, one = graph.hold("zero", np.array([0])), graph.hold("one", np.array([1]))
    length = graph.add("Shape", ["ids"], "length", start=1, end=2)
    places = graph.hold("places", np.arange(bert.limit))
    first = graph.add("Slice", [places, zero, length, zero, one], "first_places")
    word = graph.add("Gather", [words, "ids"], "word")
    kind = graph.add("Gather", [types, zero], "kind")
    position = graph.add("Gather", [positions, first], "position")
    total = graph.add("Add", [graph.add("Add", [word, kind], "typed"), position], "placed")
    return graph.normalize(total, "embedded", "embeddings.LayerNorm", bert.epsilon)


def _mask(graph: _Graph) -> str:
    """Return which sub-words are seen by which: (n, 1, w, w)."""
    import onnx

    seen = graph.add("Cast", ["mask"], "is_word", to=onnx.TensorProto.BOOL)
    by_all = graph.add(
        "Unsqueeze", [seen, graph.hold("middle", np.array([1, 2]))], "is_word_to_all"
    )
    square = graph.add("Concat", ["one", "one", "length", "one"], "square", axis=0)
    return graph.add("Expand", [by_all, square], "seen")


def _add_layer(graph: _Graph, bert: Bert, number: int, given: str, mask: str) -> str:
    name = f"encoder.layer.{number}"
    parts = [f"{name}.attention.self.{each}" for each in ("query", "key", "value")]
    weight, bias = (
        np.concatenate([graph.read(f"{part}.{kind}") for part in parts])
        for kind in ("weight", "bias")
    )
    merged = graph.multiply(given, f"{name}.projections", weight, bias)
    taken = [f"{name}.{each}" for each in ("query", "key", "value")]
    graph.add("Split", [merged], *taken, num_outputs=3, axis=-1)
    scale = 1 / np.sqrt(bert.width // bert.heads)
    attended = graph.add(
        "Attention", [*taken, mask], f"{name}.attended", q_num_heads=bert.heads,
        kv_num_heads=bert.heads, scale=float(scale),
    )  # fmt: skip
    graph.widths[attended] = bert.width

    def add(given: str, dense: str) -> str:
        read = graph.read
        return graph.multiply(given, dense, read(f"{dense}.weight"), read(f"{dense}.bias"))

    def close(part: str, dense: str, given: str, before: str) -> str:
        total = graph.add("Add", [add(given, dense), before], f"{part}.total")
        return graph.normalize(total, f"{part}.states", f"{part}.LayerNorm", bert.epsilon)

    part = f"{name}.attention.output"
    read = close(part, f"{part}.dense", attended, given)
    wide = graph.add("Gelu", [add(read, f"{name}.intermediate.dense")], f"{name}.wide")
    return close(f"{name}.output", f"{name}.output.dense", wide, read)


def _pool(graph: _Graph, states: str) -> None:
    """Give the states, and their mean over each text's sub-words, made unit."""
    import onnx

    graph.add("Identity", [states], STATES)
    shares = graph.add("Cast", ["mask"], "shares", to=onnx.TensorProto.FLOAT)
    row = graph.add("Unsqueeze", [shares, "one"], "share_row")
    # As a product its terms have one order, however many texts there are.
    total = graph.add("Squeeze", [graph.add("MatMul", [row, states], "totals"), "one"], "total")
    count = graph.add("ReduceSum", [shares, "one"], "count", keepdims=1)
    least = graph.hold("least_count", np.float32(1e-9))
    mean = graph.add("Div", [total, graph.add("Clip", [count, least], "counted")], "mean")
    last = graph.hold("last", np.array([-1]))
    size = graph.add("ReduceL2", [mean, last], "size", keepdims=1)
    least = graph.hold("least_size", np.float32(1e-12))
    graph.add("Div", [mean, graph.add("Clip", [size, least], "sized")], ROW)


def _open(path: Path) -> Any:
    from safetensors import safe_open

    return safe_open(path, "np")


def _has_weights(bert: Bert) -> bool:
    """Tell whether the file has the weights by their usual names, as 32-bit floats."""
    names = [f"embeddings.{name}_embeddings.weight" for name in ("word", "token_type", "position")]
    names += [f"encoder.layer.{number}.output.dense.weight" for number in range(bert.layers)]
    with _open(bert.folder / _WEIGHTS) as weights:
        held = set(weights.keys())
        return held.issuperset(names) and all(
            weights.get_slice(name).get_dtype() == "F32" for name in held if name in names
        )


def read_rows(tensor: Any, folder: Path) -> Iterator[NDArray[np.float32]]:
    """Give the rows of a constant (n, d), a few at a time where it stands in a file of `folder`."""
    import onnx

    if tensor.data_location != onnx.TensorProto.EXTERNAL:
        yield onnx.numpy_helper.to_array(tensor)
        return
    place = {each.key: each.value for each in tensor.external_data}
    rows, width = tensor.dims
    with (folder / place["location"]).open("rb") as file:
        file.seek(int(place["offset"]))
        for first in range(0, rows, _ROWS):
            count = min(_ROWS, rows - first)
            yield np.fromfile(file, np.float32, count * width).reshape(count, width)
