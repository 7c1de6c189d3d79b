"""Keep the vectors of the examples of small talk in `chatbot/locales/smalltalk.npz`.

    python -m training.smalltalk

Run it when `smalltalk.json`, the model or its map changed: `python -m benchmarks.smalltalk` tells
whether the bounds of `chatbot.answers.small_talk_examples` still hold.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from chatbot.answers.small_talk_examples import PATH, keep
from index.models import load_encoder


def main() -> None:
    """Read the examples with the default model and write their vectors."""
    parser = argparse.ArgumentParser(description="keep the vectors of the examples of small talk")
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the model is prepared")
    keep(load_encoder("", parser.parse_args().var / "models", print))
    print(f"{PATH}: {PATH.stat().st_size} bytes")


if __name__ == "__main__":
    main()
