"""The entry point: `python app.py [verb]`. Nothing runs on import."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # A question's products are small: split over threads they cost 25 ms of processor time and not
    # 19, for those threads wait by spinning. It has to stand before NumPy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from chatbot.cli import main

    sys.exit(main())
