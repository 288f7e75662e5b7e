"""The map of the parameters of a device's film, against values worked out by hand."""

import numpy as np
import pytest
from helpers.varying import TRACK, device

from wallnet.config import Figures
from wallnet.plan.preview import parameters_drawing
from wallnet.report import style


@pytest.fixture
def figure():
    """Return the figure of a region from 8 to 24 nm, thinner and with more damping."""
    region = {"start": 8e-9, "stop": 24e-9, "thickness": 2.0e-9, "damping": 0.9}
    made = device(track=TRACK, wall={"start": 31e-9}, regions=[region])
    with style.apply(Figures(resolution=72)):
        drawn = parameters_drawing(made, "my_wedge", Figures(resolution=72))
        drawn.draw_without_rendering()
        yield drawn


def maps_of(figure):
    """Return axes and cells of each map, by the label of its colours."""
    bars = {axes.get_ylabel(): axes for axes in figure.axes if not axes.images}
    maps = [axes for axes in figure.axes if axes.images]
    return {
        label: (axes, axes.images[0].get_array()) for label, axes in zip(bars, maps, strict=True)
    }


def test_each_parameter_that_varies_is_drawn_in_its_unit(figure):
    """2 nm instead of 2.5 nm: K = 0.8 · 1.25 MJ/m³, D = -1.3 · 1.25 mJ/m²."""
    found = {label: (cells[2, 1], cells[2, 3]) for label, (_, cells) in maps_of(figure).items()}
    by_unit = {label.partition("$ ")[2] or label: pair for label, pair in found.items()}
    expected = {
        "(mJ/m²)": (-1.3, -1.625),
        "(MJ/m³)": (0.8, 1.0),
        r"$\mathit{\alpha}$": (0.45, 0.9),
        "(nm)": (2.5, 2.0),
    }
    assert {*by_unit} == {*expected}
    for unit, pair in expected.items():
        assert by_unit[unit] == pytest.approx(pair, rel=1e-12)


def test_cells_are_in_their_place_with_notch_and_wall(figure):
    """The notch at 41 nm empties the cells at 38, 42 and 46 nm of both outer rows."""
    for axes, cells in maps_of(figure).values():
        assert axes.images[0].get_extent() == pytest.approx([0, 60, 0, 20])
        assert axes.images[0].origin == "lower"
        empty = np.argwhere(np.ma.getmaskarray(cells)).tolist()
        assert empty == [[row, column] for row in (0, 4) for column in (9, 10, 11)]
        arcs, walls = axes.lines[:2], axes.lines[2:]
        assert [line.get_xdata()[0] for line in walls] == pytest.approx([31.0] * 2)
        x, y = np.concatenate([line.get_xydata() for line in arcs]).T
        radius = np.hypot(x - 41, np.minimum(y, 20 - y))
        assert radius == pytest.approx(np.full_like(radius, 6.0), abs=1e-9)
