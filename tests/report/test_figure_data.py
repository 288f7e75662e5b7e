"""The data of a figure as CSV: everything that its axes show."""

import io

import numpy as np
import pandas
import pytest

from wallnet.config import Figures
from wallnet.report import style
from wallnet.report.figure_data import COLUMNS, MOST_PIXELS, figure_data


@pytest.fixture
def axes():
    with style.apply(Figures()):
        from matplotlib import pyplot

        _, made = pyplot.subplots()
        made.set_xlabel(r"current density $\mathit{J}$ ($10^{12}$ A/m²)")
        made.set_ylabel("wall (nm)")
        yield made


def read(axes):
    text = figure_data(axes.figure).as_csv()
    return pandas.read_csv(io.StringIO(text), keep_default_na=False, dtype=str)


def points(frame, *columns):
    return [tuple(map(str, row)) for row in frame[list(columns)].itertuples(index=False)]


def test_a_line_has_its_points_its_name_and_the_labels_of_its_axes(axes):
    axes.plot([1.0, 2.0], [3.0, 1 / 3], label="US\\$ line")
    axes.set_title("(a) panel", loc="left")
    frame = read(axes)
    assert tuple(frame.columns) == COLUMNS
    assert points(frame, "panel", "x label", "y label", "series")[0] == (
        *("(a) panel", "current density J (10^12 A/m²)", "wall (nm)", "US$ line"),
    )
    assert points(frame, "x", "y") == [("1", "3"), ("2", "0.3333333")]
    assert set(frame["value"]) == set(frame["lower"]) == {""}


def test_the_name_of_a_series_is_that_given_to_its_artist(axes):
    axes.plot([1], [2], gid="all pulses", label="shown in the legend")
    axes.plot([1], [2])
    axes.errorbar([1], [2], [1], gid="device, reading", label="device")
    axes.errorbar([1], [2], [1], label="device")
    assert sorted(read(axes)["series"]) == ["", "all pulses", "device", "device, reading"]


def test_horizontal_bars_of_errors_have_rows_of_their_own(axes):
    axes.errorbar([1, 2], [10, 20], xerr=[0.5, np.nan], yerr=[3, 4], label="both")
    axes.errorbar([5], [7], xerr=[2], label="horizontal")
    assert points(read(axes), "series", "x", "y", "lower", "upper") == [
        ("both", "1", "10", "7", "13"),
        ("both", "", "10", "0.5", "1.5"),
        ("both", "2", "20", "16", "24"),
        ("horizontal", "5", "7", "", ""),
        ("horizontal", "", "7", "3", "7"),
    ]


def test_bars_of_errors_have_their_ends(axes):
    """Points without an error have none, and those without a place are left out."""
    axes.errorbar([1, 2, 3, 4], [10, 20, np.nan, 30], [1, 4, 2, np.nan], label="mean")
    axes.errorbar([3], [7], label="of one seed")
    assert points(read(axes), "series", "x", "y", "lower", "upper") == [
        ("mean", "1", "10", "9", "11"),
        ("mean", "2", "20", "16", "24"),
        ("mean", "4", "30", "", ""),
        ("of one seed", "3", "7", "", ""),
    ]


def test_lines_across_the_axes_have_one_number(axes):
    axes.axhline(0.25, label="level")
    axes.axvline(150.0, label="notch")
    axes.axvspan(0, 10)
    assert points(read(axes), "series", "x", "y") == [
        ("level", "", "0.25"),
        ("notch", "150", ""),
    ]


def test_places_are_named_by_the_nearest_tick(axes):
    axes.plot([0.1, 0.9], [1, 2])
    axes.set_xticks([0, 1], ["FP32", "on\nlevels"])
    axes.axhline(5)
    assert points(read(axes), "place", "y") == [("FP32", "1"), ("on levels", "2"), ("", "5")]


def test_bars_steps_and_vertical_lines(axes):
    axes.barh(["one"], [2.0], left=[1.0], label="interval")
    axes.stairs([4, 5], [0, 1, 3], label="weights")
    axes.vlines([7], 0.5, [9], label="few")
    assert points(read(axes), "series", "x", "y", "lower", "upper") == [
        ("few", "7", "9", "", ""),
        ("interval", "", "0", "1", "3"),
        ("weights", "0.5", "4", "0", "1"),
        ("weights", "2", "5", "1", "3"),
    ]


@pytest.mark.parametrize("origin", ["lower", "upper"])
def test_pixels_have_their_centres_and_empty_ones_are_left_out(axes, origin):
    values = np.array([[1.0, 2.0], [3.0, np.nan]])
    if origin == "upper":
        values = values[::-1]
    axes.imshow(values, origin=origin, extent=(10, 14, 0, 4))
    assert sorted(points(read(axes), "x", "y", "value")) == [
        ("11", "1", "1"),
        ("11", "3", "3"),
        ("13", "1", "2"),
    ]


def test_rows_and_columns_of_pixels_differ_in_number_and_size(axes):
    """Two rows 5 high of four pixels 2 wide, beside an image of as many pixels as are data."""
    axes.imshow(np.arange(8.0).reshape(2, 4), origin="lower", extent=(10, 18, 0, 10))
    axes.imshow(np.ones((1, MOST_PIXELS)), extent=(0, 1, 0, 1))
    found = read(axes)
    assert points(found[:8], "x", "y", "value") == [
        *(("11", "2.5", "0"), ("13", "2.5", "1"), ("15", "2.5", "2"), ("17", "2.5", "3")),
        *(("11", "7.5", "4"), ("13", "7.5", "5"), ("15", "7.5", "6"), ("17", "7.5", "7")),
    ]
    assert len(found) == 8 + MOST_PIXELS


def test_large_images_colour_bars_and_hidden_panels_are_left_out():
    with style.apply(Figures()):
        from matplotlib import pyplot

        figure, (left, right) = pyplot.subplots(1, 2, sharex=True)
        image = left.imshow(np.ones((1, MOST_PIXELS + 1)))
        figure.colorbar(image, ax=left)
        right.plot([1], [2])
        right.set_visible(False)
        assert len(figure_data(figure).frame) == 0
        right.set_visible(True)
        assert len(figure_data(figure).frame) == 1


def test_panels_that_share_an_axis_share_its_label_and_insets_count():
    with style.apply(Figures()):
        from matplotlib import pyplot

        figure, (left, right) = pyplot.subplots(1, 2, sharey=True)
        left.set_ylabel("energy (pJ)")
        right.plot([1], [2])
        right.inset_axes((0.5, 0.5, 0.2, 0.2)).plot([3], [4])
        right.secondary_yaxis("right").set_ylabel("not drawn on")
        frame = figure_data(figure).frame
    assert frame["y label"].tolist() == ["energy (pJ)", ""]
    assert frame["panel"].tolist() == ["panel 2", "panel 3"]
    assert frame["x"].tolist() == [1, 3]


def test_saving_a_figure_writes_its_data_beside_the_png(tmp_path, axes):
    axes.plot([1], [2], label="wall, at rest")
    style.save(axes.figure, tmp_path / "a.png", tmp_path / "b.pdf")
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == (
        'panel 1,current density J (10^12 A/m²),wall (nm),"wall, at rest",,1,2,,,'
    )
