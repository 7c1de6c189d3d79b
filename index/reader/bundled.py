"""The reader that comes with Casebook: a small network over the encoder's states, on onnxruntime.

See training/network.py for what it does and training/reader.py for how it was made. A question's
states are made when it is asked; a chunk's stand in the release. What is longer than the network
looks at is read in windows, those with the sentences nearest to the question.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ModelError
from index.encoder.encoder import count_cores
from index.encoder.onnx_encoder import open_onnxruntime
from index.reader.calibration import FEATURES as CALIBRATED
from index.reader.calibration import describe_reading, estimate
from index.reader.features import FEATURES, describe
from index.reader.protocol import NEVER, Floats, Reading, Text
from index.reader.weights import Weights
from index.search.query import Query

WINDOW = 400  # sub-words of a chunk that are looked at together; most chunks have fewer
WINDOWS = 3  # of one chunk
GAP = 3  # empty rows between two windows, as far as a sub-word looks around itself
# Sub-words times sentences of the windows that the network is given at once: forty times what eight
# ordinary chunks have, so that a question's are one run. It holds tables of both: given at once,
# 100 chunks of sentences of a letter each took 9 GB and 20 s.
TOGETHER = 1 << 22
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Window:
    """A run of a chunk's sentences `first` to `last` (exclusive); `kept` (t,) are its sub-words."""

    text: int
    first: int
    last: int
    kept: NDArray[np.int64]


class BundledReader:
    """See the top of this file; safe to share between threads."""

    def __init__(self, weights: Weights) -> None:
        """Open the network; raises ModelError where it or the calibration does not fit."""
        if weights.calibration.shape != (len(CALIBRATED),):
            raise ModelError("the bundled reader does not open (its calibration is another's)")
        onnxruntime = open_onnxruntime()
        options = onnxruntime.SessionOptions()
        # Most of a question's time goes here. Threads that wait for each other without sleeping
        # would take the cores from other questions.
        threads = min(count_cores(), _THREADS)
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False
        try:
            self._session: Any = onnxruntime.InferenceSession(
                weights.network, options, ["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own, and plain ones
            reason = str(error).strip().split("\n")[0][:200]
            raise ModelError(f"the bundled reader does not open ({reason})") from error
        self._weights = weights
        # Each reading holds its own numbers between the layers, and more at once than there are
        # cores for are no faster.
        self._free = threading.BoundedSemaphore(max(count_cores() // threads, 1))
        self.name = f"bundled ({weights.projection.identity})"

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """See Reader."""
        if not texts:
            return Reading((), 0.0, 0.0)
        features = describe(query, texts)
        windows = [window for at, text in enumerate(texts) for window in _divide(at, text)]
        scores = [np.full(len(text.sentences), NEVER, np.float32) for text in texts]
        states = query.read().states
        nones: list[float] = []
        with self._free:
            for some in _divide_windows(windows):
                made, (none,) = self._session.run(None, _pack(states, texts, some, features))
                nones.append(float(none))
                for window, row in zip(some, made, strict=True):
                    count = window.last - window.first
                    scores[window.text][window.first : window.last] = row[:count]
        none = nones[0]  # of the best chunks, as it was trained; it is no maximum over runs
        told = describe_reading(features, scores, none)
        confidence = estimate(told, self._weights.calibration)
        return Reading(tuple(scores), none, confidence)


def _divide(at: int, text: Text) -> Iterator[Window]:
    """Give the windows of a chunk that are read, those nearest to the question, in text order."""
    pieces = np.asarray(text.states.pieces, np.int64)
    count = len(text.sentences)
    if len(pieces) <= WINDOW:
        yield Window(at, 0, count, np.arange(len(pieces)))
        return
    before = np.flatnonzero(pieces == 0)[: WINDOW // 4]
    room = WINDOW - len(before)
    sizes = np.minimum(np.bincount(pieces, minlength=count + 1)[1 : count + 1], room)
    bounds, filled = [0], 0
    for number, size in enumerate(sizes.tolist()):
        if filled and filled + size > room:
            bounds.append(number)
            filled = 0
        filled += size
    bounds.append(count)
    near = text.nearness
    runs = list(itertools.pairwise(bounds))
    best = sorted(runs, key=lambda run: -float(near[run[0] : run[1]].max()))[:WINDOWS]
    for first, last in sorted(best):
        inside = np.flatnonzero((pieces > first) & (pieces <= last))[:room]
        yield Window(at, first, last, np.concatenate([before, inside]))


def _divide_windows(windows: Sequence[Window]) -> Iterator[list[Window]]:
    """Give windows in runs, in order, as many in one as TOGETHER lets be; never none."""
    run: list[Window] = []
    rows = most = 0
    for window in windows:
        rows += len(window.kept) + GAP
        most = max(most, window.last - window.first + 1)
        if run and rows * most * (len(run) + 1) > TOGETHER:
            yield run
            run, rows, most = [], len(window.kept) + GAP, window.last - window.first + 1
        run.append(window)
    yield run


def _pack(
    asked: Floats, texts: Sequence[Text], windows: Sequence[Window], features: Sequence[Floats]
) -> dict[str, NDArray[Any]]:
    """Return the windows as the network takes them; see training/packed_network.py.

    Of k windows of at most s sentences, one after another with empty rows between: `rows` (n, w)
    int8, `scales` (n, 2), `slots` (n,); `asked` (q, v); `features` (k, s, f); `open` (k, s): which
    sentences have a sub-word and are no header.
    """
    most = max(window.last - window.first for window in windows)
    width = max(texts[window.text].states.rows.shape[1] for window in windows)
    count = sum(len(window.kept) for window in windows) + GAP * (len(windows) - 1)
    rows = np.zeros((count, width), np.int8)
    scales = np.zeros((count, 2), np.float32)
    slots = np.full(count, -1, np.int64)
    told = np.zeros((len(windows), most, len(FEATURES)), np.float32)
    open_ = np.zeros((len(windows), most), bool)
    start = 0
    for number, window in enumerate(windows):
        states, kept, size = texts[window.text].states, window.kept, window.last - window.first
        place = slice(start, start + len(kept))
        start = place.stop + GAP
        rows[place], scales[place] = states.rows[kept], states.scales[kept]
        owners = np.asarray(states.pieces, np.int64)[kept]
        owners = np.where(owners > 0, owners - window.first, 0)
        slots[place] = number * (most + 1) + owners
        told[number, :size] = features[window.text][window.first : window.last]
        open_[number, np.unique(owners[owners > 0]) - 1] = True
        sentences = texts[window.text].sentences[window.first : window.last]
        open_[number, :size] &= [not sentence.header for sentence in sentences]
    return {
        "rows": rows, "scales": scales, "slots": slots, "asked": np.asarray(asked, np.float32),
        "features": told, "open": open_,
    }  # fmt: skip
