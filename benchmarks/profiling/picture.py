"""The profile as a picture: one bar a level, each box as wide as its share of the samples."""

from collections import Counter
from html import escape
from pathlib import Path

from .attribution import Place

WIDTH, HEIGHT, LETTER = 1600, 24, 7
HUES = (18, 34, 48)
"""Of the rows, the functions and the lines."""


def flame(title: str, places: Counter[Place]) -> str:
    """An SVG: everything, below it the functions, below each its lines; hover for the whole text."""
    total = places.total()
    scale = WIDTH / max(total, 1)
    functions: Counter[tuple[str, str]] = Counter()
    for place, count in places.items():
        functions[place.module, place.function] += count
    boxes = [_box(0, 0, WIDTH, f"{title}: {total} samples", "")]
    left = 0.0
    for (module, function), samples in functions.most_common():
        name = f"{module.rpartition('.')[2]}.{function}"
        boxes.append(_box(1, left, samples * scale, name, f"{module} {samples / total:.1%}"))
        at = left
        own = [(p, n) for p, n in places.items() if (p.module, p.function) == (module, function)]
        for place, count in sorted(own, key=lambda one: -one[1]):
            text = f"{place.line}: {place.text}" if place.line else "(no line)"
            boxes.append(_box(2, at, count * scale, text, f"{count / total:.1%}"))
            at += count * scale
        left += samples * scale
    size = f'width="{WIDTH}" height="{3 * HEIGHT}" font-family="monospace" font-size="12"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n' + "\n".join(boxes) + "\n</svg>\n"


def write(path: Path, title: str, places: Counter[Place]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(flame(title, places), encoding="utf-8")


def _box(level: int, left: float, width: float, text: str, more: str) -> str:
    shown = escape(text[: max(0, int(width / LETTER) - 1)])
    return (
        f'<g><title>{escape(text)} {escape(more)}</title><rect x="{left:.1f}" y="{level * HEIGHT}" width="{width:.1f}" '
        f'height="{HEIGHT - 1}" fill="hsl({HUES[level]},80%,70%)" stroke="white"/>'
        f'<text x="{left + 3:.1f}" y="{level * HEIGHT + 16}">{shown}</text></g>'
    )
