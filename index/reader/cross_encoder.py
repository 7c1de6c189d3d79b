"""A reader that the operator chose: a cross-encoder on Sentence Transformers, such as a reranker.

It reads the question and one sentence together, which is far dearer than comparing vectors: so it
reads those alone that the search has most for, each with what stands around it, and no more of it
than tells what it says.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from corpus.errors import ModelError
from index.encoder.encoder import count_cores
from index.encoder.sentence_transformer import open_sentence_transformers
from index.reader.protocol import NEVER, Floats, Reading, Text, judge
from index.search.query import Query

READ = 40  # sentences of all texts together
_TOGETHER = 8  # pairs that are padded to one length
# Characters of a question, of a sentence, of either neighbour, of what it is about.
_ASKED, _SENTENCE, _NEIGHBOUR, _ABOUT = 500, 500, 200, 120
_NONE = 0.0  # rerankers are trained with a sigmoid on what they say: above 0 is rather yes


class CrossEncoderReader:
    """A model in a local folder, loaded at construction; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Load the model and read something; raises ModelError, naming the folder."""
        try:
            self._torch, library = open_sentence_transformers()
            self._model = library.CrossEncoder(
                str(folder),
                local_files_only=True,
                trust_remote_code=False,
                activation_fn=self._torch.nn.Identity(),
            )
        except Exception as error:
            raise ModelError(
                f"{folder}: not a cross-encoder that loads here ({_tell(error)})"
            ) from error
        labels = self._model.num_labels
        if labels != 1:
            raise ModelError(
                f"{folder}: a model with {labels} labels; a reader needs a reranker, which has one"
            )
        self._lock = threading.Lock()
        self.name = name_cross_encoder(folder)
        self._score([("question", "sentence")])

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:
        """See Reader; raises ModelError where the model fails."""
        scores = [np.full(len(text.sentences), NEVER, np.float32) for text in texts]
        places = _choose(texts)
        pairs = [(query.text[:_ASKED], _describe(texts[text], at)) for text, at in places]
        for (text, at), score in zip(places, self._score(pairs), strict=True):
            scores[text][at] = score
        return judge(scores, _NONE)

    def _score(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return the logit (n,) of each pair."""
        if not pairs:
            return np.empty(0, np.float32)
        with self._lock:
            self._torch.set_num_threads(count_cores())
            try:
                made = self._model.predict(
                    list(pairs), batch_size=_TOGETHER, show_progress_bar=False
                )
            except Exception as error:
                raise ModelError(f"the {self.name} failed ({_tell(error)})") from error
            finally:
                self._torch.set_num_threads(1)
        scores = np.asarray(made, np.float32)
        return np.where(np.isfinite(scores), scores, np.float32(NEVER))


def name_cross_encoder(model: Path) -> str:
    """Return the name that the reader of a model's folder shows; not where the folder is."""
    folder = model.absolute()
    name = folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
    return f"cross-encoder ({name.rpartition('--')[2]})"


def _choose(texts: Sequence[Text]) -> list[tuple[int, int]]:
    """Return the numbers of the sentences worth reading: of the text, and within it."""
    places, evidence = [], []
    for number, text in enumerate(texts):
        for at in np.flatnonzero(text.worded).tolist():
            places.append((number, at))
            evidence.append(text.candidate.score + float(text.nearness[at]))
    best = np.argsort(-np.array(evidence), kind="stable")[:READ]
    return [places[at] for at in sorted(best.tolist())]


def _describe(text: Text, at: int) -> str:
    """Return a sentence with what its case is about and the sentences around it."""
    said = [each.text for each in text.sentences]
    about = f"{text.case.company} {text.case.title}".strip()[:_ABOUT]
    before = said[at - 1][-_NEIGHBOUR:] if at else ""
    after = said[at + 1][:_NEIGHBOUR] if at + 1 < len(said) else ""
    return "\n".join(filter(None, (about, " ".join((before, said[at][:_SENTENCE], after)).strip())))


def _tell(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__
