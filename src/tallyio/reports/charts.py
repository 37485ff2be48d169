"""Charts as inline SVG. Colours are CSS variables of the page, so one drawing serves light and dark.

Positions are floats, since they are pixels; every label that shows an amount is made from the exact integer.
"""

from collections.abc import Callable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

WIDTH, HEIGHT = 1080, 290
HALF, NAMES = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 78, 14, 12, 28
BAR = 26
MOST_POINTS = 600

Label = Callable[[int], str]


def _svg(width: int, height: int, parts: Sequence[str], title: str) -> Markup:
    head = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 - every label inside is escaped


def _ticks(low: int, high: int) -> list[int]:
    """About four round values between two amounts."""
    span = max(1, high - low)
    step = int(10 ** floor(log10(span)))
    for factor in (5, 2, 1):
        if span // max(1, step // factor) <= 5:
            step = max(1, step // factor)
            break
    first = -(-low // step) * step
    return list(range(first, high + 1, step))


def line_chart(blocks: Sequence[int], series: Sequence[tuple[str, str, Sequence[int]]], label: Label) -> Markup:
    """Cumulative amounts by block. ``series``: (name, CSS class, one amount a block)."""
    every = max(1, len(blocks) // MOST_POINTS)
    kept = sorted({*range(0, len(blocks), every), len(blocks) - 1}) if blocks else []
    if len(kept) < 2:
        return empty("Not enough blocks for a curve")
    low = min(0, min(min(values) for _, _, values in series))
    high = max(1, max(max(values) for _, _, values in series))
    first, last = blocks[kept[0]], blocks[kept[-1]]

    def x(block: int) -> float:
        return float(LEFT + (block - first) / (last - first) * (WIDTH - LEFT - RIGHT))

    def y(value: int) -> float:
        return float(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM))

    parts = []
    for value in _ticks(low, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(
            f'<text class="axis" x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{label(value)}</text>'
        )
    ends = ((first, "start"), ((first + last) // 2, "middle"), (last, "end"))
    parts += [f'<text class="axis" x="{x(b):.1f}" y="{HEIGHT - 8}" text-anchor="{a}">{b:,}</text>' for b, a in ends]
    for _, style, values in series:
        steps = f"M{x(first):.1f},{y(values[kept[0]]):.1f}"
        steps += "".join(f"H{x(blocks[i]):.1f}V{y(values[i]):.1f}" for i in kept[1:])
        parts.append(f'<path class="line {style}" d="{steps}"/>')
    wide = (WIDTH - LEFT - RIGHT) / len(kept)
    for i in kept:
        said = "\n".join([f"block {blocks[i]:,}", *(f"{name} {label(values[i])} ETH" for name, _, values in series)])
        at = f'x="{x(blocks[i]) - wide / 2:.1f}" y="{TOP}" width="{wide:.1f}" height="{HEIGHT - TOP - BOTTOM}"'
        parts.append(f'<rect class="hit" {at}><title>{escape(said)}</title></rect>')
    return _svg(WIDTH, HEIGHT, parts, "Amounts by block")


def bar_chart(rows: Sequence[tuple[str, int, str]], style: str = "one") -> Markup:
    """Horizontal bars from zero: (name, amount, text at the end). Losses point left in their own colour."""
    if not rows:
        return empty("Nothing to show")
    texts = 190
    low, high = min(0, *(v for _, v, _ in rows)), max(0, *(v for _, v, _ in rows))
    span, room = max(1, high - low), HALF - NAMES - texts
    zero = NAMES + -low / span * room
    parts = []
    for i, (name, value, text) in enumerate(rows):
        top, length = i * BAR + 4, abs(value) / span * room
        start = zero if value >= 0 else zero - length
        middle = top + BAR / 2 + 1
        said = f"<title>{escape(name)}: {escape(text)}</title>"
        colour = style if value >= 0 else "bad"
        parts.append(f'<text class="name" x="{NAMES - 10}" y="{middle:.1f}" text-anchor="end">{escape(name)}</text>')
        bar = f'x="{start:.1f}" y="{top}" width="{max(length, 1.5):.1f}" height="{BAR - 8}" rx="3"'
        parts.append(f'<rect class="bar {colour}" {bar}>{said}</rect>')
        end = max(start + length, zero) + 8
        parts.append(f'<text class="value" x="{end:.1f}" y="{middle:.1f}">{escape(text)}</text>')
    parts.append(f'<line class="base" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(rows) * BAR + 4}"/>')
    return _svg(HALF, len(rows) * BAR + 8, parts, "Bars")


def latency_chart(stages: Sequence[tuple[str, float, float]]) -> Markup:
    """p50 to p99 of every stage on a logarithmic scale, microseconds."""
    stages = [(name, max(p50, 1.0), max(p99, 1.0)) for name, p50, p99 in stages]
    if not stages:
        return empty("No latency was recorded")
    low = floor(log10(min(p50 for _, p50, _ in stages)))
    high = max(low + 1, ceil(log10(max(p99 for _, _, p99 in stages))))
    height = len(stages) * BAR + BOTTOM

    def x(us: float) -> float:
        return NAMES + (log10(us) - low) / (high - low) * (HALF - NAMES - 70)

    parts = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height - BOTTOM}"/>')
        parts.append(
            f'<text class="axis" x="{at:.1f}" y="{height - 8}" text-anchor="middle">{duration(10.0**power)}</text>'
        )
    for i, (name, p50, p99) in enumerate(stages):
        y = i * BAR + BAR / 2
        said = f"<title>{escape(name)}: p50 {duration(p50)}, p99 {duration(p99)}</title>"
        parts.append(f'<text class="name" x="{NAMES - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<line class="range" x1="{x(p50):.1f}" x2="{x(p99):.1f}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="dot one" cx="{x(p50):.1f}" cy="{y}" r="5">{said}</circle>')
        parts.append(f'<circle class="dot two" cx="{x(p99):.1f}" cy="{y}" r="5">{said}</circle>')
        parts.append(f'<text class="value" x="{x(p99) + 12:.1f}" y="{y + 4:.1f}">{duration(p99)}</text>')
    return _svg(HALF, height, parts, "Latency by stage")


def duration(us: float) -> str:
    if us < 1_000:
        return f"{us:,.0f} µs"
    return f"{us / 1_000:,.3g} ms" if us < 1_000_000 else f"{us / 1_000_000:,.3g} s"


def empty(text: str) -> Markup:
    return Markup('<p class="empty">{}</p>').format(text)
