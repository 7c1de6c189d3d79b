"""plot: the picture is a PNG of the right size, with each curve where its numbers are."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from chatbot.evaluation.plot import HEIGHT, WIDTH, Curve, draw_curves

GREEN, ORANGE = (11, 110, 79), (181, 70, 15)
STEPS = Curve(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 0.5, 0.5, 0.0]), (0.5, 0.5))
LINE = Curve(np.array([0.0, 1.0]), np.array([1.0, 0.0]), (0.0, 1.0))


def pixels(data: bytes) -> Image.Image:
    """Return the picture."""
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    return image.convert("RGB")


def is_near(colour: object, wanted: tuple[int, int, int]) -> bool:
    """Tell whether a pixel has a colour, drawn smooth."""
    assert isinstance(colour, tuple)
    return all(abs(one - other) < 40 for one, other in zip(colour, wanted, strict=True))


def test_curves_stand_where_their_numbers_are() -> None:
    """A level stretch at a half, a slope through a quarter and three quarters; none elsewhere."""
    image = pixels(draw_curves("squad.json", {"off-collection": STEPS, "impossible": LINE}))
    assert image.size == (WIDTH, HEIGHT)
    left, top, right, bottom = 90, 60, 860, 610

    def at(across: float, up: float) -> object:
        return image.getpixel(
            (round(left + across * (right - left)), round(bottom - up * (bottom - top)))
        )

    assert is_near(at(0.25, 0.5), GREEN)
    assert is_near(at(0.1, 0.9), ORANGE)
    assert is_near(at(0.75, 0.25), ORANGE)
    assert is_near(at(0.3, 0.3), (255, 255, 255))
    assert is_near(at(0.5, 0.5), ORANGE)  # drawn last, over the ring of the other


def test_the_same_curves_give_the_same_bytes() -> None:
    """Nothing of the day or the machine is in the file."""
    assert draw_curves("a", {"x": STEPS}) == draw_curves("a", {"x": STEPS})
    assert draw_curves("a", {"x": STEPS}) != draw_curves("a", {"x": LINE})


def test_any_title_can_be_drawn() -> None:
    """A file's name may hold what the font has not."""
    assert pixels(draw_curves("问题 \x00\u202e" * 40, {})).size == (WIDTH, HEIGHT)
