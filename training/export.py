"""The trained reader written as it ships: the network in ONNX, the projection, the calibration."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from index.encoder.projection import MATCHES
from training.network import Network
from training.packed_network import PackedNetwork


def export_network(network: Network) -> bytes:
    """Return the network in ONNX."""
    width, features = len(network.norm.weight), len(network.centre)
    kept = network.size + network.matches * network.match
    example = (
        torch.zeros(40, kept, dtype=torch.int8), torch.ones(40, 2),
        torch.ones(40, dtype=torch.int64), torch.zeros(7, width), torch.zeros(3, 5, features),
        torch.ones(3, 5, dtype=torch.bool),
    )  # fmt: skip
    free = torch.export.Dim.DYNAMIC
    run, chunk = {0: free}, {0: free, 1: free}
    shapes = {
        "rows": run, "scales": run, "slots": run, "asked": run, "features": chunk, "open": chunk,
    }  # fmt: skip
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as place:
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            PackedNetwork(network).eval(), example, dynamo=True, verbose=False,
            dynamic_shapes=shapes, input_names=list(shapes), output_names=["scores", "none"],
            opset_version=20,
        )  # fmt: skip
        assert program is not None  # noqa: S101 - so with dynamo
        path = Path(place, "network.onnx")
        program.save(path, external_data=False)
        return path.read_bytes()


def export_projection(network: Network) -> dict[str, NDArray[Any]]:
    """Return the arrays of index.encoder.projection."""
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    return {
        "norm_weight": state["norm.weight"], "norm_bias": state["norm.bias"],
        "in_weight": state["project_in.weight"].T, "in_bias": state["project_in.bias"],
        "match": state["match_in.weight"].T,
    }  # fmt: skip


def write_reader(
    network: Network, calibration: NDArray[Any], interaction: Mapping[str, NDArray[Any]],
    made: dict[str, Any], path: Path,
) -> None:  # fmt: skip
    """Write the file of index.reader.weights."""
    assert network.matches == MATCHES  # noqa: S101
    np.savez_compressed(
        path, allow_pickle=False, made=np.array(json.dumps(made, sort_keys=True)),
        calibration=np.asarray(calibration, np.float32), **export_projection(network),
        **interaction, network=np.frombuffer(export_network(network), np.uint8),
    )  # fmt: skip
