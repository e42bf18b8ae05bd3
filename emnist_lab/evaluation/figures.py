"""Matplotlib and seaborn figures of a `Report` or a table.

Numbers come from there; here they are only scaled, binned and averaged for what is drawn.
"""

import io

import matplotlib
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..metrics import calibration
from ..metrics.percent import percent
from ..metrics.report import Report

_INK = {False: ("#1f2430", "#ffffff"), True: ("#e8eaf0", "#0e1117")}  # dark: text, paper
ACCENT = "#d95f02"  # readable on both papers, and by the colour-blind beside the blues

PLAIN = {False: "#1f6feb", True: "#6ea8fe"}
# Okabe and Ito's colours, the darkest ones lightened for a dark page.
PALETTE = {
    False: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
    True: ["#56b4e9", "#ff8c42", "#2fbf93", "#e39bc4", "#e6b422", "#9aa7ff"],
}

# Seconds that an axis of powers of ten bears.
SECONDS = [10**power * step for power in range(-1, 5) for step in (1, 2, 5)]
BY_TRUE, BY_PREDICTED = "normalised by true class", "normalised by predicted class"
SCALES = {
    "counts": "images",
    BY_TRUE: "share of the true class",
    BY_PREDICTED: "share of the predicted class",
}
FORMER_SCALES = {"by row": BY_TRUE, "by column": BY_PREDICTED}  # still understood


def normalize_confusion(confusion: np.ndarray, scale: str) -> np.ndarray:
    """Confusion matrix in counts, or as shares of its rows or columns.

    Parameters
    ----------
    confusion : ndarray of shape (C, C), dtype int64
        Row is the true class, column the predicted one.
    scale : str
        A key of `SCALES` or of `FORMER_SCALES`.

    Returns
    -------
    ndarray of shape (C, C)
        Counts, or shares in 0..1; 0 where a row or column is empty.

    Examples
    --------
    >>> normalize_confusion(np.array([[3, 1], [0, 2]]), BY_TRUE).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """
    scale = FORMER_SCALES.get(scale, scale)
    if scale == "counts":
        return confusion
    total = confusion.sum(axis=1 if scale == BY_TRUE else 0, keepdims=True)
    return confusion / np.maximum(total, 1)


def confusion_heatmap(report: Report, scale: str = "counts", dark: bool = False) -> Figure:
    """Confusion matrix as a seaborn heat map.

    Colours follow a power scale, so that a single confusion is told from none.

    Parameters
    ----------
    report : Report
    scale : str
        See `normalize_confusion`.
    dark : bool
        For a dark page.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["A", "B"])
    >>> confusion_heatmap(report, BY_TRUE).axes[0].get_xlabel()
    'predicted class'
    """
    import seaborn

    text, paper = _INK[dark]
    values = normalize_confusion(report.confusion, scale)
    names = report.names
    size = len(names)
    side = min(max(4.0, 0.165 * size + 1.3), 11)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained", facecolor=paper)
    axes = figure.subplots()
    seaborn.heatmap(
        values,
        ax=axes,
        square=True,
        cmap="mako" if dark else "Blues",
        norm=matplotlib.colors.PowerNorm(0.4, 0, max(float(values.max()), 1e-9)),
        linewidths=0.4,
        linecolor="#20242e" if dark else "#eef0f4",
        xticklabels=[name.replace(" ", "\n") for name in names],
        yticklabels=names,
        annot=size <= 12,
        fmt="d" if scale == "counts" else ".2f",
        cbar_kws={
            "shrink": 0.75,
            "label": SCALES[FORMER_SCALES.get(scale, scale)],
            "pad": 0.02,
        },
    )
    axes.set_xlabel("predicted class", color=text, fontsize=12)
    axes.set_ylabel("true class", color=text, fontsize=12)
    axes.tick_params(colors=text, length=0, labelsize=9.5)
    axes.tick_params(axis="x", rotation=0, top=True, labeltop=True)
    axes.tick_params(axis="y", rotation=0)
    bar = axes.collections[0].colorbar.ax
    bar.tick_params(colors=text, labelsize=9)
    bar.yaxis.label.set_color(text)
    return figure


def roc_figure(report: Report, chosen: list[int] | None = None, dark: bool = False) -> Figure:
    """ROC curve of each class against the rest, and their macro average.

    A class without images, or without images of others, has no curve; where
    none has one, there is no average either.

    Parameters
    ----------
    report : Report
    chosen : list of int, optional
        Classes drawn in colour and named; the others stay grey.
    dark : bool
        For a dark page.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["A", "B"])
    >>> roc_figure(report, [0]).axes[0].get_xlabel()
    'false positive rate'
    """
    text, paper = _INK[dark]
    rates, hits = report.roc_curves
    figure = Figure(figsize=(7.4, 5.6), layout="constrained", facecolor=paper)
    axes = figure.subplots()
    axes.set_facecolor(paper)
    grey = "#5a6070" if dark else "#c3c8d2"
    for line in hits:
        axes.plot(rates, line, color=grey, linewidth=0.7, alpha=0.8)
    colours = matplotlib.colormaps["viridis" if dark else "plasma"]
    auc = report.per_class["auc"]
    known = ~np.isnan(hits).any(axis=1)
    for place, index in enumerate(chosen or []):
        if not known[index]:
            continue
        axes.plot(
            rates,
            hits[index],
            color=colours(
                (0.3 + 0.65 * place / max(len(chosen), 1))
                if dark
                else 0.8 * place / max(len(chosen), 1)
            ),
            linewidth=1.8,
            label=f"{report.names[index]}   {auc[index]:.4f}",
        )
    if known.any():
        axes.plot(
            rates,
            hits[known].mean(axis=0),
            color=ACCENT,
            linewidth=2.6,
            label=f"macro average   {report.roc_auc_ovr:.4f}",
        )
    axes.plot([0, 1], [0, 1], color=text, linewidth=0.8, linestyle=":", label="chance   0.5000")
    axes.set_xlabel("false positive rate", color=text)
    axes.set_ylabel("true positive rate", color=text)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.tick_params(colors=text)
    for edge in axes.spines.values():
        edge.set_color(grey)
    axes.legend(
        loc="lower right",
        frameon=False,
        labelcolor=text,
        fontsize=9,
        title="AUC, one-vs-rest",
        title_fontproperties={"size": 9},
    ).get_title().set_color(text)
    return figure


def _plot(size: tuple[float, float], dark: bool, columns: int = 1):
    """Figure and axes in the page's colours."""
    text, paper = _INK[dark]
    figure = Figure(figsize=size, layout="constrained", facecolor=paper)
    plots = np.atleast_1d(figure.subplots(1, columns))
    for axes in plots:
        axes.set_facecolor(paper)
        axes.tick_params(colors=text, which="both")
        axes.grid(True, color="#2a3040" if dark else "#e6e9ef", linewidth=0.8)
        axes.set_axisbelow(True)
        for edge in axes.spines.values():
            edge.set_color("#5a6070" if dark else "#c3c8d2")
        axes.xaxis.label.set_color(text)
        axes.yaxis.label.set_color(text)
    return figure, plots


def _plain_ticks(axis) -> None:
    """Whole numbers on a logarithmic axis, where a power of ten says less."""
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def tradeoff_figure(table: pd.DataFrame, dark: bool = False) -> Figure:
    """Accuracy over fit time, with the runs that no other beats.

    Parameters
    ----------
    table : DataFrame
        ``run``, ``fit_s``, ``accuracy`` and ``front`` (bool): a row a run.
    dark : bool
        For a dark page.

    Returns
    -------
    matplotlib.figure.Figure
    """
    text = _INK[dark][0]
    figure, (axes,) = _plot((7.4, 5.0), dark)
    front = table[table["front"]].sort_values("fit_s", kind="stable")
    axes.step(
        [*front["fit_s"], table["fit_s"].max() * 1.3],
        [*front["accuracy"], front["accuracy"].max()],
        where="post",
        color=ACCENT,
        linewidth=1.6,
    )
    for kind, rows, marker, colour in (
        ("on the Pareto front", front, "D", ACCENT),
        ("beaten by another", table[~table["front"]], "o", PLAIN[dark]),
    ):
        axes.scatter(
            rows["fit_s"],
            rows["accuracy"],
            60,
            colour,
            marker=marker,
            label=kind if len(rows) else "",
        )
    axes.set_xscale("log")
    axes.margins(0.16)
    low, high = np.log10(table["fit_s"].min()), np.log10(table["fit_s"].max())
    for row in table.itertuples():
        right = np.log10(row.fit_s) - low > 0.6 * max(high - low, 1e-9)
        axes.annotate(
            row.run,
            (row.fit_s, row.accuracy),
            (-7 if right else 7, 7 if row.front else -14),
            textcoords="offset points",
            ha="right" if right else "left",
            color=text,
            fontsize=9,
            parse_math=False,
        )
    axes.set_xlabel("fit time, seconds")
    axes.set_ylabel("accuracy on the test subset")
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    _plain_ticks(axes.xaxis)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=text, fontsize=9)
    return figure


def learning_figure(table: pd.DataFrame, dark: bool = False) -> Figure:
    """Accuracy and fit time over the number of training images.

    Parameters
    ----------
    table : DataFrame
        ``curve`` and the fields of `emnist_lab.runs.curve_store.Point`: a row a point.
    dark : bool
        For a dark page.

    Returns
    -------
    matplotlib.figure.Figure
    """
    text = _INK[dark][0]
    figure, (left, right) = _plot((10.4, 4.6), dark, columns=2)
    colours = PALETTE[dark]
    for place, (name, rows) in enumerate(table.groupby("curve", sort=False)):
        colour = colours[place % len(colours)]
        left.plot(rows["images"], rows["accuracy"], "o-", color=colour, label=f"{name}, test")
        left.plot(
            rows["images"], rows["train_accuracy"], "s--", color=colour, label=f"{name}, training"
        )
        right.plot(rows["images"], rows["fit_s"], "o-", color=colour)
    left.set_ylabel("accuracy")
    left.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    right.set_ylabel("fit time, seconds")
    right.set_yscale("log")
    _plain_ticks(right.yaxis)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("training images")
        _plain_ticks(axes.xaxis)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, labelcolor=text, fontsize=8)
    return figure


def calibration_figure(report: Report, dark: bool = False) -> Figure:
    """Reliability diagram, and accuracy against coverage.

    Parameters
    ----------
    report : Report
    dark : bool
        For a dark page.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["A", "B"])
    >>> encode(calibration_figure(report))[:4]
    b'\\x89PNG'
    """
    text = _INK[dark][0]
    figure, (left, right) = _plot((10.4, 4.6), dark, columns=2)
    table = calibration.reliability(report.labels, report.scores).dropna()
    left.plot([0, 1], [0, 1], color=text, linewidth=0.8, linestyle=":")
    left.vlines(table["stated"], table["stated"], table["right"], color=ACCENT, linewidth=3)
    spread = (table["right"] - table["right_low"], table["right_high"] - table["right"])
    left.errorbar(
        table["stated"], table["right"], spread, fmt="o-", color=PLAIN[dark], elinewidth=1
    )
    left.set_xlabel("confidence")
    left.set_ylabel(f"accuracy (calibration error {percent(report.calibration_error, 2)})")
    curve = calibration.risk_coverage(report.labels, report.scores).table()
    right.plot(curve["coverage"], curve["accuracy"], color=PLAIN[dark])
    right.set_xlabel("coverage: share of the images answered, highest confidence first")
    right.set_ylabel("selective accuracy")
    for axis in (left.xaxis, left.yaxis, right.xaxis, right.yaxis):
        axis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    return figure


def encode(figure: Figure, kind: str = "png", note: str = "") -> bytes:
    """Figure as a file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    kind : {"png", "svg"}
        PNG at 150 dots an inch, or SVG.
    note : str
        Written below it: what data it was made from.

    Returns
    -------
    bytes
    """
    if note:
        colour = figure.axes[0].xaxis.label.get_color()
        figure.supxlabel(note, color=colour, fontsize=8, wrap=True, parse_math=False)
    out = io.BytesIO()
    figure.savefig(out, format=kind, dpi=150, facecolor=figure.get_facecolor())
    return out.getvalue()
