"""The map of the parameters of a device's film, against values worked out by hand."""

import numpy as np
import pytest
from helpers.sampled import sampled
from helpers.varying import TRACK, device
from matplotlib.colors import to_hex

from wallnet import api, tracks
from wallnet.config import ConfigError, Figures
from wallnet.jobs import pulse_job
from wallnet.plan.preview import parameters_drawing
from wallnet.report import style
from wallnet.tracks.geometry import filled_and_faces


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
    pairs = {label: (cells[2, 1], cells[2, 3]) for label, (_, cells) in maps_of(figure).items()}
    by_unit = {label.partition("$ ")[2] or label: pair for label, pair in pairs.items()}
    expected = {
        "(mJ/m²)": (-1.3, -1.625),
        "(MJ/m³)": (0.8, 1.0),
        r"$\mathit{\alpha}$": (0.45, 0.9),
        "(nm)": (2.5, 2.0),
    }
    assert {*by_unit} == {*expected}
    for unit, pair in expected.items():
        assert by_unit[unit] == pytest.approx(pair, rel=1e-12, abs=0)


def test_cells_are_in_their_place_with_notch_and_wall(figure):
    """The notch at 41 nm empties the cells at 38, 42 and 46 nm of both outer rows."""
    for axes, cells in maps_of(figure).values():
        assert axes.images[0].get_extent() == pytest.approx([0, 60, 0, 20], rel=1e-9, abs=0)
        assert axes.images[0].origin == "lower"
        empty = np.argwhere(np.ma.getmaskarray(cells)).tolist()
        assert empty == [[row, column] for row in (0, 4) for column in (9, 10, 11)]
        arcs, walls = axes.lines[:2], axes.lines[2:]
        assert [line.get_xdata()[0] for line in walls] == pytest.approx([31.0] * 2, rel=1e-9, abs=0)
        x, y = np.concatenate([line.get_xydata() for line in arcs]).T
        radius = np.hypot(x - 41, np.minimum(y, 20 - y))
        assert radius == pytest.approx(np.full_like(radius, 6.0), abs=1e-9)


def test_a_sample_is_drawn_before_it_runs():
    """Maps of Ku, D, t, bonds and filled shares; cells of 3 nm beside the track, edges as lines."""
    made = sampled(0, edges="smooth")
    drawn, table = api.preview(made, sample=7, parameters=True)
    drawn.draw_without_rendering()
    cells = tracks.layer(pulse_job(made.of_sample(7), 0.5e12)).cells
    maps = {label: values for label, (_, values) in maps_of(drawn).items()}
    labels = [r"$\mathit{K}_u$ (MJ/m³)", r"$\mathit{D}$ (mJ/m²)", r"$\mathit{t}$ (nm)"]
    assert [*maps] == [*labels, "weakest bond", "filled share"]
    expected = dict(zip(labels, (cells.anisotropy * 0.8, cells.dmi_constant * -1.3), strict=False))
    expected |= {labels[2]: cells.thickness * 2.5, "filled share": cells.filled}
    for label, values in expected.items():
        assert np.array_equal(np.ma.getmaskarray(maps[label]), ~cells.mask)
        drawn_values = np.asarray(maps[label])[cells.mask]
        assert drawn_values == pytest.approx(values[cells.mask], rel=1e-6, abs=0)
    # the weakest of up to four bonds, left, right, below and above, of each cell
    sides = ((0, 0), (1, 0)), ((0, 0), (0, 1)), ((1, 0), (0, 0)), ((0, 1), (0, 0))
    bonds = cells.bond_x, cells.bond_x, cells.bond_y, cells.bond_y
    beside = np.array(
        [np.pad(bond, side, constant_values=1.0) for bond, side in zip(bonds, sides, strict=True)]
    )
    weakest = beside.min(axis=0)
    for bond in beside:
        assert np.mean(bond[cells.mask] > weakest[cells.mask]) > 0.1
    shown = np.asarray(maps["weakest bond"])[cells.mask]
    assert shown == pytest.approx(weakest[cells.mask], rel=1e-6, abs=0)
    for axes, _ in maps_of(drawn).values():
        assert axes.images[0].get_extent() == pytest.approx([0, 240, -6, 66], rel=1e-9, abs=0)
        lower, upper = (line.get_ydata() for line in axes.lines[:2])
        assert lower.min() < -1 < 10 < lower.max() < 20 < 40 < upper.min() < 60 < upper.max()
    (title,) = {axes.get_title(loc="left") + axes.get_title() for axes in drawn.axes} - {""}
    assert title == "track, sample 7: what varies over the film; the wall is dashed"
    barrier = api.rigid_wall(made, sample=7).barriers.min() / (1.380649e-23 * 300)
    assert min(
        table["value"][f"lowest barrier towards {way}, rigid wall"] for way in ("+x", "-x")
    ) == pytest.approx(barrier, abs=0)
    track, _ = api.preview(made, sample=7)
    shown = track.axes[0].images[0]
    assert np.array_equal(np.isnan(shown.get_array().filled(np.nan)), ~cells.mask)
    assert shown.get_extent() == pytest.approx([0, 240, -6, 66], rel=1e-9, abs=0)
    with pytest.raises(ConfigError, match="parameters needs a film that varies"):
        api.preview(made, parameters=True)
    with pytest.raises(ConfigError, match="sample 2 needs disorder"):
        api.preview(device(), sample=2)


@pytest.mark.parametrize("edges", ["smooth", "stairs"])
def test_cells_at_an_outline_are_as_pale_as_they_are_empty(edges):
    notch = {"shape": "ellipse", "length": 20e-9, "depth": 6e-9, "positions": [30e-9]}
    drawn, _ = api.preview(device(track=TRACK | {"notches": notch, "edges": edges}))
    filled, _, _ = filled_and_faces(device(track=TRACK | {"notches": notch, "edges": edges}).track)
    assert np.any((filled > 0) & (filled < 1)) == (edges == "smooth")
    for axes in drawn.axes:
        assert np.array_equal(axes.images[0].get_alpha(), filled)
        assert to_hex(axes.get_facecolor()) == style.EMPTY.lower()
