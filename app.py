"""The door: `python app.py [verb]`. Nothing runs on import."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from chatbot.cli import main

    sys.exit(main())
