"""Writes the results: the table, the JSON and the plots."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from .measuring import Curve, Figure

RESULTS = Path(__file__).parent / "results"


def table(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = [("what", "measured", "limit", "", "against")]
    for figure in figures:
        limit = "" if figure.limit is None else _amount(figure.limit, figure.unit)
        mark = "" if figure.limit is None else "ok" if figure.is_met else "MISSED"
        rows.append((figure.what, _amount(figure.value, figure.unit), limit, mark, figure.against))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    rows.insert(1, ("-" * widths[0], "-" * widths[1], "-" * widths[2], "-" * widths[3], "-" * widths[4]))
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"| {line} |" for line in lines)


def save(figures: Sequence[Figure], curves: Sequence[Curve]) -> None:
    """Write ``results.json``, ``results.md`` and one plot for each curve."""
    RESULTS.mkdir(exist_ok=True)
    results = {
        "machine": {
            "python": platform.python_version(),
            "system": platform.system(),
            "cores": os.cpu_count(),
        },
        "figures": [{**dataclasses.asdict(figure), "met": figure.is_met} for figure in figures],
        "curves": [dataclasses.asdict(curve) for curve in curves],
    }
    (RESULTS / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / "results.md").write_text(table(figures) + "\n")
    try:
        import matplotlib as mpl
    except ImportError:
        print("no plots: pip install -e '.[bench]'", file=sys.stderr)
        return
    mpl.use("Agg")  # no screen is needed
    for curve in curves:
        _plot(curve)


def _plot(curve: Curve) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for name, values in curve.lines.items():
        axes.plot([max(size, 1) for size in curve.sizes], values, marker="o", label=name)
    axes.set(xlabel=curve.x_label, ylabel=curve.y_label, xscale="log", title=curve.name.replace("-", " "))
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(RESULTS / f"{curve.name}.png", dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def _amount(value: float, unit: str) -> str:
    text = f"{value:.2f}" if unit == "x" or (value < 10 and value != int(value)) else f"{value:,.0f}"
    return f"{text} {unit}".strip()
