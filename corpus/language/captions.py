"""Which words have the form of a caption under a photo or a figure."""

from __future__ import annotations

import re

# `Photo: ...`, `Figure 1. ...`, `图：...`, `图 2 ...`, `图为...`; not `Figure 1 shows that ...`.
CAPTION = re.compile(
    r"[▲△▼(（]?\s?(?:"
    r"(?:photos?|pictures?|images?|figures?|fig\.?)\s?(?:\d{1,3}(?:[.-]\d{1,2})?)?\s?[:：]"
    r"|(?:photos?|figures?|fig\.?)\s?\d{1,3}(?:[.-]\d{1,2})?(?:\.\s|\s?[|–—-]\s)"
    r"|(?:图片?|照片|插图)\s?(?:\d{1,3}(?:[.-]\d{1,2})?|[一二三四五六七八九十]{1,3})?\s?[:：]"
    r"|图\s?\d{1,3}(?:[.-]\d{1,2})?[\s\u3000.、](?![^\r\n]{120})(?![^\r\n]*。)"
    r"|图为(?![^\r\n]{120})"
    r")",
    re.IGNORECASE,
)


def is_caption(words: str) -> bool:
    """Tell whether words have the form of a caption under a photo or a figure."""
    return CAPTION.match(words) is not None
