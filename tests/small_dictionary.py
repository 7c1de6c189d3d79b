"""A dictionary of a few words, as the package of the real one would bring them."""

from __future__ import annotations

import gzip
from pathlib import Path

from index.languages.dictionary import Dictionary

WORDS = """\
# a comment
橋 桥 [qiao2] /bridge/
紅色 红色 [hong2 se4] /red (color)/revolutionary/
建造 建造 [jian4 zao4] /construct/build/
茶葉 茶叶 [cha2 ye4] /tea/tea leaves/
公司 公司 [gong1 si1] /(business) company; firm/
巴西 巴西 [Ba1 xi1] /Brazil/
"""


def open_small_dictionary(folder: Path) -> Dictionary:
    """Return it, compiled below a folder."""
    data = folder / "words.gz"
    data.write_bytes(gzip.compress(WORDS.encode("utf-8")))
    return Dictionary.open(folder / "models", lambda _: None, data)
