"""The reader for an encoder that the bundled one was not made for: how near a sentence is.

It knows no more than the search: a sentence answers as far as its cosine with the question stands
above what the same encoder finds between a question and a sentence on something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from index.encoder.encoder import Encoder
from index.languages.everyday import read_everyday
from index.reader.protocol import NEVER, Reading, Text, judge
from index.search.query import Query

STEEP = 20.0  # log odds of a cosine: a tenth more is e squared times as likely
# Above the mean of unrelated cosines: the best of 64 sentences on something else, as many as eight
# chunks have, is higher for 1 question in 70.
SPREADS = 3.5


class CosineReader:
    """See the top of this file; safe to share between threads."""

    name = "cosine"

    def __init__(self, encoder: Encoder) -> None:
        """Encode everyday sentences, as questions and as sentences; raises what that does."""
        self._none = STEEP * find_threshold(encoder)

    def read(self, query: Query, texts: Sequence[Text]) -> Reading:  # noqa: ARG002
        """See Reader."""
        scores = [np.where(text.worded, STEEP * text.nearness, NEVER) for text in texts]
        return judge(scores, self._none)


def find_threshold(encoder: Encoder) -> float:
    """Return the cosine above which a sentence is hardly on something else than a question.

    Everyday sentences are compared with each other across all languages, but for those that say
    the same.
    """
    sentences = read_everyday().values()
    asked = np.concatenate([encoder.encode_queries(texts) for texts in sentences])
    told = np.concatenate([encoder.encode_sentences(texts) for texts in sentences])
    said = np.concatenate([np.arange(len(texts)) for texts in sentences])
    unrelated = (asked @ told.T)[said[:, None] != said]
    return float(unrelated.mean() + SPREADS * unrelated.std())
