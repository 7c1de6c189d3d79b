"""What axe finds wrong for people who read with a screen reader, or see little."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Page

# What fades in has too little contrast until it has come.
_COME = """() => Promise.all(document.getAnimations()
    .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
    .map((each) => each.finished.catch(() => {})))"""


def find_violations(place: Page | Frame, within: str = "") -> list[tuple[str, str]]:
    """Return what axe finds wrong in a page or a frame: each rule with its first element.

    `within` is a selector of the part to look at, the whole document where it is empty. Frames
    inside are left out.
    """
    place.evaluate(_COME)
    place.evaluate(AXE_SCRIPT)
    return [
        (str(rule), str(html))
        for rule, html in place.evaluate(
            """(within) => axe.run(within || document, {iframes: false}).then(({violations}) =>
                violations.map(({id, nodes}) => [id, nodes[0].html]))""",
            within,
        )
    ]
