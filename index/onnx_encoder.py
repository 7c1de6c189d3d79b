"""A model run by onnxruntime, the only importer of it: no torch, a tenth of the start-up.

The folder is `onnx_model`'s. Dynamic 8-bit weights make a vector depend on the text alone, as it is
the only one in its run.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from corpus.errors import ModelError
from index.encoder import TextEncoder, Traits, Vectors, count_cores
from index.splitter import open_splitter

# Adding and normalising in one step takes a sixth longer in all than one after the other.
_SLOW = ["SkipLayerNormFusion"]
TRAITS, WEIGHTS = "traits.json", "model.onnx"


class OnnxEncoder(TextEncoder):
    """A model in a folder, loaded at construction; safe to share between threads.

    A window runs on one thread, so that as many questions are encoded at once as there are cores,
    and none waits for another; passages are encoded by as many threads.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model and its tokenizer; raises ModelError, naming the folder."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import onnxruntime

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
        super().__init__(open_splitter(folder), traits, self._forward, count_cores())

    def _forward(self, ids: list[int]) -> Vectors:
        window = np.array([ids], np.int64)
        (rows,) = self._session.run(None, {"ids": window})
        row: Vectors = rows[0]
        return row
