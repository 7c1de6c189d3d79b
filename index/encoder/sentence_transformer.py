"""A Sentence Transformers model run by torch; the only importer of both.

The way for a model that cannot be exported, and for graphics cards.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import ModelError
from index.encoder.encoder import Progress, Vectors, count_cores, ignore_progress
from index.encoder.text_encoder import TextEncoder, Traits, Windows, find_prompts, identify
from index.encoder.tokenizer import TokenizerSplitter


def open_sentence_transformers() -> tuple[Any, Any]:
    """Return torch and Sentence Transformers, on one thread and without words of their own."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import sentence_transformers
        import torch
        import transformers

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    # A question gains nothing from a second thread, and loses a lot where threads outnumber cores:
    # 31 ms became 300 beside one other busy process. Long passages do gain.
    torch.set_num_threads(1)
    return torch, sentence_transformers


class SentenceEncoder(TextEncoder):
    """A model in a local folder, loaded at construction; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Load the model and its tokenizer; raises ModelError, naming the folder."""
        try:
            torch, library = open_sentence_transformers()
            self._torch = torch
            self.model = library.SentenceTransformer(str(folder), local_files_only=True)
            backend: Any = self.model.tokenizer
            splitter = TokenizerSplitter(backend.backend_tokenizer)
        except Exception as error:
            reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
            raise ModelError(
                f"{folder}: not a Sentence Transformers model that loads here ({reason})"
            ) from error
        self.model.eval()
        self._lock = threading.Lock()
        prompts = find_prompts(self.model.prompts, folder)
        dimension = int(self.model.get_embedding_dimension() or 0)
        limit = min(self.model.max_seq_length or 512, 8192)
        self.traits = Traits(identify(folder), dimension, limit, *prompts)
        parts = {type(part).__name__: part for part in self.model}
        mean = getattr(parts.get("Pooling"), "pooling_mode", "") == "mean"
        # Whether a row is the mean of its sub-words' states and nothing more.
        self.averages = mean and parts.keys() <= {"Transformer", "Pooling", "Normalize"}
        read = self._read_states if self.averages else None
        super().__init__(splitter, self.traits, self._read_rows, read=read)

    def encode_passages(
        self, texts: Sequence[str], progress: Progress = ignore_progress
    ) -> Vectors:
        """See Encoder."""
        self._torch.set_num_threads(count_cores())
        try:
            return super().encode_passages(texts, progress)
        finally:
            self._torch.set_num_threads(1)

    def _read_rows(self, windows: Windows) -> Vectors:
        return self._read_states(windows)[0]

    def _read_states(self, windows: Windows) -> tuple[Vectors, list[Vectors]]:
        rows = np.empty((len(windows), self.traits.dimension), np.float32)
        states: list[Vectors] = []
        with self._lock, self._torch.inference_mode():
            for number, ids in enumerate(windows):
                tensor = self._torch.tensor([ids], device=self.model.device)
                features = {"input_ids": tensor, "attention_mask": self._torch.ones_like(tensor)}
                made = self.model(features)
                rows[number] = made["sentence_embedding"][0].float().cpu().numpy()
                states.append(made["token_embeddings"][0].float().cpu().numpy())
        return rows, states
