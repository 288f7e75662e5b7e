"""What a figure shows, as plain data that a test compares with a literal as a whole."""

import itertools
from numbers import Number

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.ticker import FixedLocator, NullLocator

LONG = 12
"""Least number of points of a curve, or cells of an image, of which only a few are given."""

SEQUENCES = list, tuple, np.ndarray


def content_of(figure):
    """Return the visible panels of a figure, also colour bars, and its legends, in their order.

    An axis is a list of label, limits unless automatic, scale unless linear, and texts of ticks set
    by hand. A line is a list of name, look, x and y; if it has error bars, their ends follow. What
    a panel has not is not in its dictionary.
    """
    figure.draw_without_rendering()
    panels = [_panel(axes) for axes in figure.axes if axes.get_visible()]
    return [*panels, *(_legend(legend) for legend in figure.legends)]


def assert_shows(content, expected):
    """Check that all of the content is as expected; numbers may differ by 1e-5 of their value."""
    assert not (differences := list(_differences(content, expected, ""))), "\n".join(differences)


def _differences(content, expected, place):
    if isinstance(content, dict) and isinstance(expected, dict):
        for key in {**expected, **content}:
            yield from _differences(content.get(key), expected.get(key), f"{place} {key}")
    elif isinstance(content, SEQUENCES) and isinstance(expected, SEQUENCES):
        for index, pair in enumerate(itertools.zip_longest(content, expected)):
            yield from _differences(*pair, f"{place} {index}")
    elif isinstance(content, Number) and isinstance(expected, Number):
        if not np.isclose(content, expected, rtol=1e-5, atol=1e-12, equal_nan=True):
            yield f"{place}: {content:.9g}, not {expected:.9g}"
    elif content != expected:
        yield f"{place}: {content!r}, not {expected!r}"


def line(name, look, x, y):
    """Return a line; of many points, the first and last finite ones and three between them."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) >= LONG:
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        chosen = finite[[k * (len(finite) - 1) // 4 for k in range(5)]]
        x, y = x[chosen], y[chosen]
    return [name, look, x, y]


def _panel(axes):
    if axes.get_label() == "<colorbar>":
        return {"colour bar": axes.get_xlabel() or axes.get_ylabel()}
    bars = [container for container in axes.containers if hasattr(container, "lines")]
    of_bars = [part for bar in bars for part in (bar[0], *bar[1], *bar[2])]
    strokes = [part for part in axes.collections if part not in of_bars]
    insets = [child for child in axes.child_axes if hasattr(child, "get_title")]
    content = {
        "title": axes.get_title(loc="left") or axes.get_title(),
        "background": _hex(axes.get_facecolor()).replace("#FFFFFF", ""),
        "x": _axis(axes.xaxis, [] if axes.get_autoscalex_on() else axes.get_xlim()),
        "y": _axis(axes.yaxis, [] if axes.get_autoscaley_on() else axes.get_ylim()),
        "lines": [_line(part) for part in axes.lines if part not in of_bars],
        "bars": [[*_line(bar[0], bar.get_label()), *map(_strokes, bar[2])] for bar in bars],
        "images": [_image(image) for image in axes.images],
        "strokes": [_strokes(part) for part in strokes],
        "patches": [_patch(patch) for patch in axes.patches],
        "texts": [[t.get_text(), *getattr(t, "xy", t.get_position())] for t in axes.texts],
        "legend": _legend(axes.get_legend()),
        "second axes": [_second(axes, child) for child in axes.child_axes if child not in insets],
        "insets": [_panel(inset) for inset in insets],
    }
    return {key: entry for key, entry in content.items() if entry}


def _hex(colour):
    return to_hex(colour).upper()


def _legend(legend):
    texts = [*legend.get_texts(), legend.get_title()] if legend else []
    return [text.get_text() for text in texts if text.get_text()]


def _axis(axis, limits):
    scale = [axis.get_scale()] if axis.get_scale() not in ("linear", "function") else []
    scale += ["inverted"] if axis.get_inverted() and not len(limits) else []
    own = isinstance(axis.get_major_locator(), FixedLocator)
    ticks = [[text.get_text() for text in axis.get_ticklabels()]] if own else []
    return [axis.get_label_text(), *limits, *scale, *ticks]


def _second(axes, second):
    """Return an axis in other units, with its values at the limits of the panel."""
    upright = isinstance(second.xaxis.get_major_locator(), NullLocator)
    ends = axes.transData.transform(list(zip(axes.get_xlim(), axes.get_ylim(), strict=True)))
    values = second.transData.inverted().transform(ends)[:, int(upright)]
    return _axis(second.yaxis if upright else second.xaxis, values)


def _line(part, label=""):
    if part is None:
        return []
    name = label or part.get_label()
    mark = f"{part.get_marker()}{part.get_linestyle()}".replace("None", "")
    hollow = _hex(part.get_markerfacecolor()) == "#FFFFFF" and mark[:1] not in "-:"
    steps = f" {part.get_drawstyle()}".replace(" default", "")
    look = f"{'open ' * hollow}{mark} {_hex(part.get_color())}{steps}"
    return line((part.get_gid() or "") if name.startswith("_") else name, look, *part.get_data())


def _strokes(part):
    """Return the ends of bars, or the bounds of outlines."""
    if isinstance(part, LineCollection):
        return [np.ravel(stroke) for stroke in part.get_segments()]
    vertices = np.concatenate([path.vertices for path in part.get_paths()])
    return [*vertices.min(axis=0), *vertices.max(axis=0)]


def _image(image):
    """Return limits and all cells; of a map, those below 0 in three of its rows, and empty ones.

    Of cells that are filled in part, the sum of the shares follows.
    """
    cells = np.ma.masked_invalid(np.ma.asarray(image.get_array(), dtype=float))
    below = {"below 0": (cells[[0, len(cells) // 2, -1]] < 0).sum(axis=1)}
    shown = {"cells": cells.filled(np.nan)} if cells.size < LONG else below
    empty = {"empty": np.ma.getmaskarray(cells).sum(), "shape": cells.shape}
    limits = {"extent": image.get_extent(), "limits": image.get_clim(), "origin": image.origin}
    if np.ndim(image.get_alpha()):
        limits["filled"] = np.sum(image.get_alpha())
    return limits | shown | empty | {"colours": image.get_cmap().name}


def _patch(patch):
    if isinstance(patch, StepPatch):
        return patch.get_data()[:2]
    assert isinstance(patch, Rectangle)
    return [*patch.get_xy(), patch.get_width(), patch.get_height(), _hex(patch.get_facecolor())]
