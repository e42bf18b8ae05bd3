"""A page of handwriting to try reading on, from images of a dataset."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ...data.part import Part


def example_page(part: Part, lines: Sequence[str], seed: int = 0) -> bytes:
    """A page to try things on, from images of a dataset: lines of words on ruled paper.

    Parameters
    ----------
    part : Part
        Has images of each character asked for.
    lines : sequence of str
        What stands on the page.
    seed : int
        The same seed makes the same page.

    Returns
    -------
    bytes
        A JPEG.
    """
    random = np.random.default_rng(seed)
    side, step, pitch, margin = 96, 84, 150, 60
    width = 2 * margin + step * max(map(len, lines))
    height = 2 * margin + pitch * len(lines)
    covered = np.zeros((height, width), np.float32)
    paper = np.ones((height, width), np.float32)
    for row, line in enumerate(lines):
        base = margin + pitch * row + side + 20
        paper[base : base + 3] -= 0.25
        for place, character in enumerate(line):
            if character == " ":
                continue
            images = part.images[part.labels == part.classes.index(character)]
            image = Image.fromarray(images[random.integers(len(images))])
            grown = image.resize((side, side), Image.Resampling.BICUBIC)
            left, top = margin + step * place, base - side + int(random.integers(-2, 6))
            spot = covered[top : top + side, left : left + side]
            np.maximum(spot, np.asarray(grown, np.float32) / 255, out=spot)
    shade = paper * (1 - 0.75 * covered) * uneven_light(random, width, height, True)
    shade += random.normal(0, 0.012, shade.shape)
    colours = (shade[:, :, None] * np.array([250, 244, 226])).clip(0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(colours).save(out, "JPEG", quality=88)
    return out.getvalue()


def uneven_light(random: np.random.Generator, width: int, height: int, shadow: bool) -> np.ndarray:
    """Light that falls off to one side, and a soft-edged shadow across: shape (height, width)."""
    across = np.linspace(-1, 1, width, dtype=np.float32)[None]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    way = random.uniform(0, 2 * np.pi)
    light = 1 - random.uniform(0.1, 0.25) * (1 + across * np.cos(way) + down * np.sin(way)) / 2
    if shadow:
        way = random.uniform(0, 2 * np.pi)
        edge = across * np.cos(way) + down * np.sin(way) - random.uniform(-0.5, 0.5)
        light *= 1 - random.uniform(0.2, 0.5) / (1 + np.exp(-edge / random.uniform(0.03, 0.1)))
    return light.astype(np.float32)
