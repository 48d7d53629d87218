"""Present the results that everything.py has kept: write results.md and plots to benchmarks/results.

With --publish, write the figures of the documentation, too. Nothing is measured anew.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring import BUDGET_HEADER, RESULTS

# What everything.py has kept.
RAW = RESULTS / "results.json"
DOCS = Path(__file__).parent.parent / "docs" / "explanation"
PAGE = DOCS / "performance.md"
# A part of the page: the title of its table stands in the comment above it.
PART = re.compile(r"(<!-- figures: ([^\n]+) -->\n).*?(<!-- end of figures -->\n)", re.DOTALL)
# The calls in the plot of growth, each with its colour.
PLOTTED = {"get_secret_value": "C0", "put_secret_value": "C1", "list_secrets, first page": "C2"}
STYLES = {"ours": "-o", "moto": "--s"}

Rows = Sequence[Sequence[str]]


def table(rows: Rows) -> str:
    """Return a table in Markdown."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    """Return every table by its title, the one of all budgets first."""
    budgets = [row for report in results["reports"] for row in report["budgets"]]
    rest = {report["title"]: table(report["rows"]) for report in results["reports"]}
    return {"Budgets": table([BUDGET_HEADER, *budgets]), **rest}


def origin(results: Mapping[str, Any]) -> str:
    """Return when and with what the results were measured."""
    trial = "A trial, too short to compare anything. " if results["is_trial"] else ""
    return f"{trial}Measured on {results['date']} with {results['machine']}.\n"


def draw(results: Mapping[str, Any]) -> list[Path]:
    """Draw the plots, if matplotlib is installed, and return their files."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        print("matplotlib isn't installed, so there are no plots", file=sys.stderr)
        return []
    # Text stays text, and the same results give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fake_secrets"})
    paths = []
    for name, draw_on in (("growth", draw_growth), ("features", draw_features)):
        drawing = Figure(figsize=(8, 5))
        draw_on(drawing.subplots(), results[name])
        path = RESULTS / f"{name}.svg"
        drawing.savefig(path, bbox_inches="tight", metadata={"Date": None})
        paths.append(path)
    return paths


def draw_growth(axes: Any, growth: Mapping[str, Any]) -> None:
    """Plot how calls grow with the number of secrets."""
    for side, style in STYLES.items():
        columns = {
            int(column.split(", ")[1].replace(",", "")): figures
            for column, figures in growth["secrets"].items()
            if side in column
        }
        for name, colour in PLOTTED.items():
            points = [figures[name] for figures in columns.values()]
            axes.plot(list(columns), points, style, color=colour, label=f"{side}: {name}")
    axes.set(xscale="log", yscale="log", xlabel="secrets in the world", ylabel="microseconds a call")
    axes.legend(fontsize="small")


def draw_features(axes: Any, features: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Plot the ratios to a plain world, with their quartiles."""
    calls = list(next(iter(features.values())))
    for number, call in enumerate(calls):
        ratios = [compared[call] for compared in features.values()]
        middles = [ratio["middle"] for ratio in ratios]
        below = [ratio["middle"] - ratio["low"] for ratio in ratios]
        above = [ratio["high"] - ratio["middle"] for ratio in ratios]
        heights = [row + (number - len(calls) / 2) * 0.15 for row in range(len(features))]
        axes.errorbar(middles, heights, xerr=[below, above], fmt="o", markersize=4, label=call)
    axes.axvline(1, color="grey", linewidth=1)
    axes.set(xscale="log", xlabel="ratio to a plain world")
    axes.set_xticks(ticks := [0.25, 0.5, 1, 2, 4, 8, 16], [f"{tick:g}" for tick in ticks])
    axes.set_yticks(range(len(features)), list(features))
    axes.invert_yaxis()
    axes.legend(fontsize="small")


def page(text: str, results: Mapping[str, Any]) -> str:
    """Return the page with the figures of the results in place of earlier ones."""
    found = {"origin": origin(results), **tables(results)}
    return PART.sub(lambda part: f"{part[1]}\n{found[part[2]]}\n{part[3]}", text)


def present(*, publish: bool) -> None:
    """Write the results, and the documentation's figures if they are to be published."""
    results = json.loads(RAW.read_text())
    sections = "".join(f"\n## {title}\n\n{rows}" for title, rows in tables(results).items())
    (RESULTS / "results.md").write_text(f"# Benchmarks\n\n{origin(results)}{sections}")
    plots = draw(results)
    if publish and results["is_trial"]:
        sys.exit("these results are a trial's: measure without --short before you publish")
    if publish:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8", newline="\n")
        for plot in plots:
            shutil.copy(plot, DOCS)


def main() -> None:
    parser = argparse.ArgumentParser(description="Present the latest results.")
    parser.add_argument("--publish", action="store_true", help="write the figures of the documentation, too")
    present(publish=parser.parse_args().publish)


if __name__ == "__main__":
    main()
