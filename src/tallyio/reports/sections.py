"""A page made of figures, charts and tables one below the other, in the style of the page at the end of a run."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup, escape

from tallyio.reports.templating import environment


class Tile(msgspec.Struct, frozen=True):
    """One figure. ``tone``: empty, ``good`` or ``loss``."""

    value: str
    caption: str
    tone: str = ""


class Section(msgspec.Struct, frozen=True):
    """``body``: a chart or a table. ``legend``: pairs of a colour of the style and what it stands for. Sections that
    are not ``wide`` stand two in a row."""

    title: str
    body: Markup
    note: str = ""
    legend: tuple[tuple[str, str], ...] = ()
    wide: bool = True


def render(title: str, subtitle: str, tiles: Sequence[Tile], sections: Sequence[Section]) -> str:
    """One self-contained HTML file that opens without a network."""
    rows: list[list[Section]] = []
    for section in sections:
        if rows and not section.wide and not rows[-1][0].wide:
            rows[-1].append(section)
        else:
            rows.append([section])
    return environment().get_template("sections.html.j2").render(title=title, subtitle=subtitle, tiles=tiles, rows=rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> Markup:
    """``numbers``: the columns that stand to the right."""
    kinds = ['class="n"' if place in numbers else "" for place in range(len(head))]

    def line(tag: str, cells: Sequence[str]) -> str:
        inner = "".join(f"<{tag} {kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f"<tr>{inner}</tr>"

    lines = [line("th", head), *(line("td", row) for row in rows)]
    return Markup(f'<div class="scroll"><table>{"".join(lines)}</table></div>')  # noqa: S704 - cells are escaped


def points(texts: Sequence[str]) -> Markup:
    """A list of sentences."""
    return Markup(f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>")  # noqa: S704 - escaped
