"""A model run by onnxruntime, the only importer of it: no torch, a tenth of the start-up.

The folder is one that `index.encoder.export` writes.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import ModelError
from index.encoder.encoder import Vectors, count_cores
from index.encoder.text_encoder import TextEncoder, Traits, Windows
from index.encoder.tokenizer import open_splitter

# Adding and normalising in one step takes a sixth longer in all than one after the other.
_SLOW = ["SkipLayerNormFusion"]
TRAITS, WEIGHTS = "traits.json", "model.onnx"
# What it gives: the rows; where these are means of them, the states of the last layer; and, of a
# model built of like layers, those of the layer at two thirds of its depth.
ROW, STATES, INNER = "unit_row", "states", "inner"
# Texts are padded to whole multiples of this, also one alone: where the sum over a text's sub-words
# ends in the middle of four, it is taken in another order.
_STEP = 4


def open_onnxruntime(part: str = "") -> Any:
    """Return the module, or the named part of it, set up to call nobody.

    Its builds look their maker's host up some seconds after the import, tell it what runs here, and
    keep an id of the machine in the home folder. What turns that off is read at the first import.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return importlib.import_module(f"onnxruntime.{part}") if part else onnxruntime


class OnnxEncoder(TextEncoder):
    """A model in a folder, loaded at construction; safe to share between threads.

    A window runs on one thread, so that several are encoded at once and none waits for another;
    passages are encoded by as many threads as there are cores.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model and its tokenizer; raises ModelError, naming the folder."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        onnxruntime = open_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Arenas keep what the longest text took, for each thread.
        options.enable_cpu_mem_arena = False
        try:
            traits = Traits(**json.loads((folder / TRAITS).read_bytes()))
            self._session = onnxruntime.InferenceSession(
                str(folder / WEIGHTS), options, ["CPUExecutionProvider"], disabled_optimizers=_SLOW
            )
        except Exception as error:  # onnxruntime raises its own, and plain ones
            reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
            raise ModelError(
                f"{folder}: not an exported model that loads here ({reason})"
            ) from error
        given = [each.name for each in self._session.get_outputs()]
        self._states = [name for name in (INNER, STATES) if name in given]
        read = self._read_states if STATES in given else None
        self.traits = traits
        super().__init__(open_splitter(folder), traits, self._read_rows, count_cores(), read)

    def _read_rows(self, windows: Windows) -> Vectors:
        return self._forward(windows, ROW)[0]

    def _read_states(self, windows: Windows) -> tuple[Vectors, list[Vectors]]:
        rows, *made = self._forward(windows, ROW, *self._states)
        return rows, [
            np.concatenate([each[number, : len(window)] for each in made], axis=1)
            for number, window in enumerate(windows)
        ]

    def _forward(self, windows: Windows, *wanted: str) -> list[Vectors]:
        longest = max(map(len, windows))
        ids = np.zeros((len(windows), longest + -longest % _STEP), np.int64)
        mask = np.zeros_like(ids)
        for number, window in enumerate(windows):
            ids[number, : len(window)], mask[number, : len(window)] = window, 1
        made: list[Vectors] = self._session.run(wanted, {"ids": ids, "mask": mask})
        return made
