"""Figures of the devices: they exist, show the correct content, and are reproducible."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.walls import Bench, gathered, whole
from matplotlib import pyplot
from matplotlib.colors import to_hex
from PIL import Image

from wallnet import cli, config, files, plan
from wallnet.config import Figures
from wallnet.jobs.report import FigureJob
from wallnet.plan.shown import FIGURES
from wallnet.report import style
from wallnet.studies.devices import figures as devices
from wallnet.studies.devices.motion import track_of

SMALL = Figures(resolution=72)
STYLE = SMALL.model_dump_json()


@pytest.fixture(scope="module")
def neuron(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("neuron"), "neuron")


@pytest.fixture(scope="module")
def synapse(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("synapse"), "synapse")


@pytest.fixture(scope="module")
def track(tmp_path_factory):
    return gathered(tmp_path_factory.mktemp("track"), "track")


def draw(bench, kind, folder):
    outputs = folder / f"{kind}.png", folder / f"{kind}.svg"
    traces = f"traces={bench.traces[0].parent}"
    call(kind, outputs, f"{FIGURES[kind].kind}={bench.out}", traces)
    return outputs


def call(kind, outputs, *sources, style=STYLE, **options):
    """Draw a figure as a rule does, as PNG and as a vector file."""
    job = FigureJob(figure=kind, **options).to_json()
    words = ["show", "studies.devices.figures", "--job", job]
    words += ["--figures", style, "--sources", *sources, "--to"]
    cli.main([*words, f"png={outputs[0]}", f"vector={outputs[1]}"])


def drawn(bench, kind, shown=(), change=None):
    """Return a figure with its axes before it is saved, optionally of a changed device."""
    data = files.read_dataset(bench.out, "track").load()
    if change is not None:
        change(data)
    sources = devices.Sources({bench.name: data}, str(bench.traces[0].parent), shown)
    with style.apply(SMALL):
        figure = devices.DRAWINGS[kind](sources, SMALL)
        figure.draw_without_rendering()
        return figure


def test_a_figure_depends_on_its_device_alone(synapse, tmp_path):
    """Other files, the folder and settings of the caller have no effect."""
    before = [path.read_bytes() for path in draw(synapse, "conductance", tmp_path / "a")]
    picture = Image.open(tmp_path / "a/conductance.png")
    assert picture.width == round(0.178 / 0.0254 * 72 - 0.5)
    assert np.asarray(picture.convert("L")).std() > 10
    assert json.loads(picture.info["Description"])["devices"][synapse.name]["parameters"]
    moved = tmp_path / "elsewhere" / synapse.out.name
    moved.parent.mkdir()
    moved.write_bytes(synapse.out.read_bytes())
    (moved.parent / "other.nc").write_text("not a device")
    outputs = tmp_path / "elsewhere/conductance.png", tmp_path / "elsewhere/conductance.svg"
    pyplot.rcParams["font.size"] = 30
    try:
        call("conductance", outputs, f"synapse={moved}")
    finally:
        pyplot.rcdefaults()
    assert [path.read_bytes() for path in outputs] == before


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Return the devices of the campaign that `wallnet init` writes."""
    benches, path = {}, Path(config.__file__).with_name("example.yaml")
    for name, device in plan.load(path).devices.items():
        bench = benches[name] = Bench(tmp_path_factory.mktemp(name), name, device)
        half = np.median(device.pulse.current_densities)
        bench.write_all(lambda density, half=half: (320e-9 if density > half else 160e-9,) * 2)
        bench.gather()
    return benches


@pytest.mark.parametrize(
    "kind",
    [name for name, definition in FIGURES.items() if definition.kind in ("neuron", "synapse")],
)
def test_a_figure_of_the_example_is_whole(example, kind):
    """Its tracks are shorter than the paper's, so that their maps are high."""
    figure = drawn(example[FIGURES[kind].kind], kind)
    shown, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(shown.x0, shown.y0, width - shown.x1, height - shown.y1) >= 0


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_maps_mark_the_detector_and_are_taken_when_it_is_read(neuron):
    figure = drawn(neuron, "magnetization")
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 4
    for axes in panels:
        marks = sorted(line.get_xdata()[0] for line in axes.get_lines())
        assert marks == pytest.approx([128, 384], rel=1e-6, abs=0)
        assert "3 ns" in axes.get_title(loc="left")
    # two rows of two; only the outer ones have labels
    x, y = devices.X_LABEL, devices.Y_LABEL
    labels = [(axes.get_xlabel(), axes.get_ylabel()) for axes in panels]
    assert labels == [("", y), ("", ""), (x, y), (x, "")]
    last = np.asarray(panels[-1].images[0].get_array())
    assert (last[4] < 0).sum() * 4 == pytest.approx(326.5, abs=4)  # nm, 4 nm per cell


def test_dynamics_show_each_whole_state_once(synapse):
    """States between two notches are only in the table."""
    figure = drawn(synapse, "dynamics")
    first = next(axes for axes in figure.axes if axes.images)
    # empty cells are blank
    assert np.ma.getmaskarray(first.images[0].get_array()).any()
    # the outline of the film follows the notches: 18 nm around 300 and 600 nm, and at the end
    x, y = np.concatenate([path.vertices for path in first.collections[0].get_paths()]).T
    assert (x.min(), x.max()) == pytest.approx((300 - 18, 897), abs=4)
    assert y.min() < 18
    assert y.max() > 90 - 18
    assert np.all(np.minimum(y, 90 - y) < 18 + 4)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.images]
    assert [title.partition(": ")[2] for title in titles] == [
        "initial",
        "notch 1",
        "notch 2",
        "reversed",
    ]
    right = [axes for axes in figure.axes if "mean" in lines(axes)]
    mean = lines(right[1])["mean"].get_ydata()
    assert mean[-1] == pytest.approx(1 - 2 * 300 / 900, abs=0.02)
    maps = [axes for axes in figure.axes if axes.images]
    assert maps[1].get_yticks().tolist() == [0, 90]  # the width in nm
    # <m_z> of a wall at each notch, under the curves
    notches = [line.get_ydata()[0] for line in right[1].get_lines() if line.get_color() == "white"]
    assert notches == pytest.approx([1 / 3, -1 / 3, -1], rel=1e-6, abs=0)
    pulse = right[1].patches[0]
    assert pulse.get_x() == 0
    assert pulse.get_width() == pytest.approx(2, rel=1e-6, abs=0)


def test_the_pulses_to_show_are_a_key(synapse, neuron):
    """It applies to every figure of single pulses; the order is that of the key."""
    shown = [0.6e12, 0.3e12]
    figure = drawn(synapse, "dynamics", shown)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.images]
    assert titles == [
        "(a) $\\mathit{J}$ = 0.60 × $10^{12}$ A/m²: between 1 and 2",
        "(b) $\\mathit{J}$ = 0.30 × $10^{12}$ A/m²: initial",
    ]
    figure = drawn(neuron, "magnetization", [0.15e12, 0.40e12, 0.20e12])
    # a place without a map stays empty
    assert [axes.get_visible() for axes in figure.axes[:4]] == [True, True, True, False]
    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert [title[:3] for title in titles] == ["(a)", "(b)", "(c)"]
    assert all(
        f"= {j} " in title for j, title in zip(("0.15", "0.40", "0.20"), titles, strict=True)
    )
    last = np.asarray(figure.axes[1].images[0].get_array())
    at = 120 + 590 * 0.3  # nm: where the wall of 0.40e12 A/m² ends
    assert (last[4] < 0).sum() * 4 == pytest.approx(at, abs=4)
    with pytest.raises(files.FileError, match=r"has no pulse of 0\.4500e12 A/m²"):
        drawn(synapse, "dynamics", [0.45e12])


def test_only_the_reading_that_is_no_activation_is_marked(neuron):
    def of_the_series_reading(data):
        data["fault"] = data["fault"].copy(data=np.array(["", "it falls"], dtype=object))

    figure = drawn(neuron, "transfer-curve", change=of_the_series_reading)
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes[:2]]
    assert texts == [[], ["No activation: it falls"]]
    marked = [to_hex(axes.get_facecolor()).upper() for axes in figure.axes[:2]]
    assert [colour == devices.UNSUITABLE for colour in marked] == [False, True]
    insets = [any(child.get_lines() for child in axes.child_axes) for axes in figure.axes[:2]]
    assert insets == [True, False]


def test_pulses_are_chosen_by_state():
    import xarray

    def choose(states, settled=None, most=6, position=None, density=None):
        count = len(states)
        density = np.arange(1, count + 1) if density is None else density
        position = np.arange(count) if position is None else np.array(position)
        return devices.chosen_pulses(
            xarray.Dataset(
                {
                    "state": ("current_density", np.array(states, dtype=object)),
                    "settled": ("current_density", np.array(settled or [1] * count)),
                    "final_wall_position": ("current_density", position * 1e-7),
                },
                coords={"current_density": np.array(density) * 1e11},
            ),
            most,
        )

    assert choose(["notch 1", "notch 1", "notch 2", "reversed", "reversed"]) == [0, 2, 3]
    assert choose(["notch 1", "free", "notch 2"], [1, 0, 1]) == [0, 2]
    assert choose(["initial", "notch 1", "between 1 and 2", "free", "notch 2"]) == [0, 1, 4]
    assert choose(["initial", "between 1 and 2", "free"]) == [0, 1, 2]
    # the weakest by magnitude, of those whose wall is at rest
    states = ["notch 1", "notch 1", "notch 1", "notch 2", "notch 2"]
    assert choose(states, [1, 1, 0, 1, 1], density=[-9, -4, 3, 5, 10]) == [1, 3]
    # a wall that was not asked to rest does not move
    assert choose(["notch 1", "notch 1", "notch 2", "notch 2"], [-1, 1, 0, -1]) == [0, 3]
    assert choose(["free", "free", "free"], [0, 0, 0]) == [0, 1, 2]
    assert choose(["free", "free", "free", "free"], [1, 0, 1, 1]) == [0, 2, 3]
    assert choose(["free"] * 20, most=3) == [0, 10, 19]
    many = choose([f"notch {k}" for k in range(1, 13)], most=5)
    assert len(many) == 5
    assert (many[0], many[-1]) == (0, 11)
    # evenly along the track, also if the weakest pulse moves the wall furthest
    states = [f"notch {k}" for k in (5, 1, 2, 3, 4)]
    # a figure of more tracks than six has tiny panels
    assert devices.MOST_ROWS == 6
    assert choose(states, most=3, position=[5, 1, 2, 3, 4]) == [0, 1, 3]


def test_unreached_levels_are_dashed_and_those_without_a_wall_keep_their_numbers(
    synapse,
):
    def change(data):
        data["normalized_level_conductance"].values[:, 1] = np.nan
        data["reachable"].values[3] = 0  # notch 2, after the half level

    for axes in drawn(synapse, "conductance", change=change).axes[:2]:
        assert [text.get_text() for text in axes.texts] == ["0", "2", "3"]
        levels = [line for line in axes.get_lines() if len(line.get_xdata()) == 2]
        assert [line.get_linestyle() for line in levels[:3]] == ["-", "--", "-"]


def test_a_device_of_another_kind_and_a_missing_trace_are_named(neuron, tmp_path):
    with pytest.raises(SystemExit, match="is of kind 'neuron', not 'synapse'"):
        draw(neuron, "conductance", tmp_path)
    with style.apply(SMALL), pytest.raises(files.FileError, match=r"0\.1000\.nc is not there"):
        sources = {"neuron": [neuron.out], "traces": [str(tmp_path)]}
        devices.draw(sources, FigureJob(figure="magnetization").to_json(), SMALL)
    assert list(tmp_path.iterdir()) == []


def test_command_line_draws(synapse, tmp_path):
    png, svg = tmp_path / "f.png", tmp_path / "f.svg"
    named = ("conductance", (png, svg), f"synapse={synapse.out}")
    call(*named, style='{"resolution": 72}')
    assert Image.open(png).width == 504
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(SystemExit, match="--figures is not a valid style of figures"):
        call(*named, style='{"resolution": 7}')


def test_command_line_draws_the_pulses_that_it_is_given(synapse, tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr(style, "save", lambda figure, *paths, **made_by: kept.append(figure))
    sources = [f"synapse={synapse.out}", f"traces={synapse.traces[0].parent}"]
    outputs = tmp_path / "f.png", tmp_path / "f.svg"
    call("dynamics", outputs, *sources, shown=(0.8e12, 0.3e12))
    (figure,) = kept
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.images]
    assert [title.partition(": ")[2] for title in titles] == ["notch 2", "initial"]


def test_dynamics_tell_the_ends_apart(synapse):
    """The lower end of the wall rests at 300 nm and its upper end at 600 nm, of 900 nm."""
    figure = drawn(synapse, "dynamics", [0.6e12])
    left = next(axes for axes in figure.axes if axes.images)
    image = left.images[0]
    m_z = np.asarray(image.get_array())
    assert image.origin == "lower"
    assert image.get_extent() == pytest.approx([0, 900, 0, 90], rel=1e-9, abs=1e-9)
    column = int(450 / 6)  # between the two ends
    assert m_z[0, column] > 0.9  # along y = 0 the wall is behind
    assert m_z[-1, column] < -0.9
    right = lines(next(axes for axes in figure.axes if "mean" in lines(axes)))
    time = right["mean"].get_xdata()
    entries = np.isfinite(right["mean"].get_ydata())
    assert time[entries][-1] == pytest.approx(3.0, rel=1e-6, abs=0)  # ns: the pulse and a hold
    last = {label: right[label].get_ydata()[entries][-1] for label in ("lower end", "upper end")}
    # at a notch the edge is 18 nm inside, where a straight wall is 60 nm further on
    assert 1 - 2 * 300 / 900 >= last["lower end"] > 1 - 2 * 380 / 900
    assert 1 - 2 * 520 / 900 > last["upper end"] >= 1 - 2 * 600 / 900
    assert last["lower end"] > right["mean"].get_ydata()[entries][-1] > last["upper end"]


def test_each_panel_shows_its_own_reading_and_levels_beside_microsiemens(synapse):
    """No pulse ends at the conductance of the first or the last level."""

    def other_ends(data):
        data["final_conductance"].values[:] *= 0.9

    data = files.read_dataset(synapse.out, "synapse")
    figure = drawn(synapse, "conductance", change=other_ends)
    for axes, reading in zip(figure.axes[:2], files.READINGS, strict=True):
        curves, chosen = lines(axes), data.sel(reading=reading)
        at_notch = curves["at a notch"]
        assert at_notch.get_xdata() == pytest.approx([0.5, 0.8], rel=1e-6, abs=0)
        normalized = chosen["normalized_final_conductance"].values[[1, 3]]
        assert at_notch.get_ydata() == pytest.approx(normalized, rel=1e-9, abs=0)
        assert curves["between two notches"].get_xdata() == pytest.approx([0.6], rel=1e-6, abs=0)
        assert curves["reversed"].get_ydata() == pytest.approx([1.0], abs=1e-6)
        # each level is a line with its number at its height
        heights = [float(line.get_ydata()[0]) for line in axes.get_lines()[:4]]
        expected = whole(chosen)["normalized_level_conductance"].values
        assert heights == pytest.approx(expected, rel=1e-9, abs=0)
        assert [text.get_text() for text in axes.texts] == ["0", "1", "2", "3"]
        assert [text.xy[1] for text in axes.texts] == pytest.approx(expected, rel=1e-9, abs=0)
        assert (axes.get_xlabel(), axes.get_ylabel()) == (devices.J_LABEL, devices.G_NORM_LABEL)
        absolute = axes.child_axes[-1]
        assert absolute.get_ylabel() == r"conductance $\mathit{G}$ (µS)"
        low, high = chosen["level_conductance"].values[[0, -1]] * 1e6
        shown = low + np.array(axes.get_ylim()) * (high - low)
        assert absolute.get_ylim() == pytest.approx(shown, rel=1e-6, abs=0)
    first_curves = lines(figure.axes[0])
    assert first_curves["level, reached"].get_linestyle() == "-"
    assert first_curves["level, not reached"].get_linestyle() == "--"


def image_of(axes):
    return np.asarray(axes.images[0].get_array())


def test_maps_of_a_neuron_are_taken_when_it_is_read_and_not_before(neuron):
    """The traces last 3 ns and have one snapshot per nanosecond."""

    def read_earlier(data):
        data["read_time"].values[:] = 2.1e-9

    figure = drawn(neuron, "magnetization", [0.15e12], read_earlier)
    axes = next(axes for axes in figure.axes if axes.images)
    assert axes.get_title(loc="left").endswith("$\\mathit{t}$ = 2.1 ns")
    at = 60 + (120 + 590 * 0.05 - 60) * 2 / 3
    assert (image_of(axes)[4] < 0).sum() * 4 == pytest.approx(at, abs=4)
    assert axes.images[0].get_clim() == (-1, 1)
    assert axes.images[0].origin == "lower"
    assert axes.images[0].get_extent() == pytest.approx([0, 512, 0, 32], rel=1e-9, abs=1e-9)
    assert (axes.get_xlabel(), axes.get_ylabel()) == (devices.X_LABEL, devices.Y_LABEL)


def test_dynamics_mark_notches_and_say_where_the_wall_is_in_nm(synapse):
    def still_moving(data):
        data["settled"].values[:] = [1, 0, -1, 1, 1]
        data["read_time"].values[:] = 0.1e-9
        # the second and the third are shown
        data["end_time"].values[:] = [4e-9, 3e-9, 2.5e-9, 2e-9, 5e-9]

    figure = drawn(synapse, "dynamics", [0.5e12, 0.6e12], still_moving)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.images]
    assert titles[0].endswith(": notch 1, still moving")
    assert titles[1].endswith(": between 1 and 2")
    # maps show the end, whenever the device is read
    m_z = image_of(next(axes for axes in figure.axes if axes.images))
    assert (m_z[m_z.shape[0] // 2] < 0).sum() * 6 == pytest.approx(300, abs=6)
    right = next(axes for axes in figure.axes if "mean" in lines(axes))
    marks = {float(line.get_ydata()[0]) for line in right.get_lines() if line.get_color() == "grey"}
    # m_z is 1 with the wall at the left end and -1 at the right end: notches at 300, 600
    # and 900 of 900 nm
    assert sorted(marks) == pytest.approx([-1, -1 / 3, 1 / 3], rel=1e-9, abs=0)
    wall = right.child_axes[-1]
    assert wall.get_ylabel() == "wall (nm)"
    for position in (0, 200, 900):  # at the height of its m_z on the other side
        height = right.transData.transform((0, 1 - 2 * position / 900))[1]
        assert wall.transData.transform((0, position))[1] == pytest.approx(height, abs=1e-6)
    assert right.get_xlim() == pytest.approx((0, 3), rel=1e-6, abs=0)
    assert figure.axes[-1].get_xlabel() == devices.M_Z_LABEL  # of the colour bar
    last = [axes for axes in figure.axes if "mean" in lines(axes)][-1]
    assert last.get_xlabel() == "time (ns)"
    assert right.get_ylabel() == r"$\langle\mathit{m}_z\rangle$"


def test_notches_at_given_positions_are_marked_there(synapse):
    data = files.read_dataset(synapse.out, "synapse")
    parameters = json.loads(data.attrs["parameters"])
    parameters["settings"]["track"]["notches"] = {"positions": [720e-9, 150e-9], "diameter": 36e-9}
    data.attrs["parameters"] = json.dumps(parameters)
    assert track_of(data).notch_positions == pytest.approx([150e-9, 720e-9], rel=1e-9, abs=0)


def test_transfer_curve_is_over_normalised_current_below_the_current_itself(neuron):
    data = files.read_dataset(neuron.out, "neuron")
    figure = drawn(neuron, "transfer-curve")
    density = np.array(neuron.device.pulse.current_densities) * 1e-12
    for axes, title in zip(figure.axes[:2], ("in parallel", "resistance linear"), strict=True):
        assert title in axes.get_title(loc="left")
        curves = lines(axes)
        chosen = data.sel(reading=files.READINGS[figure.axes.index(axes)])
        current, final = curves["micromagnetic simulation"].get_data()
        assert current == pytest.approx((density - 0.1) / 0.35, rel=1e-6, abs=1e-9)
        normalized = chosen["normalized_final_conductance"].values
        assert final == pytest.approx(normalized, rel=1e-6, abs=0)
        (curve,) = (line for label, line in curves.items() if label.startswith("quartic"))
        at_half = np.polynomial.polynomial.polyval(0.5, chosen["quartic"].values)
        assert np.interp(0.5, *curve.get_data()) == pytest.approx(at_half, rel=1e-6, abs=0)
        x, y = curves["ideal ReLU"].get_data()
        assert y == pytest.approx(x, rel=1e-6, abs=0)
        upper = next(child for child in axes.child_axes if child.get_xlabel() == devices.J_LABEL)
        bounds = np.array(axes.get_xlim())
        assert upper.get_xlim() == pytest.approx(0.1 + 0.35 * bounds, rel=1e-6, abs=0)
        inset = axes.child_axes[-1]
        relu, quartic = inset.get_lines()
        assert (relu.get_linestyle(), quartic.get_linestyle()) == (":", "-")
        wide, shown = map(np.asarray, quartic.get_data())
        assert wide.min() == -1
        assert np.all(shown[wide < 0] == 0)
        assert shown[wide >= 1] == pytest.approx(float(chosen["quartic"].sum()), rel=1e-9, abs=0)
        assert f"quartic, largest error {float(chosen['fit_error']):.3f}" in curves


def test_transfer_curve_from_zero_current_has_its_axis_from_zero(neuron):
    """A pulse of J = 0 is the smallest non-negative one."""

    def from_zero(data):
        data["current_density"] = data["current_density"] - 0.1e12

    axes = drawn(neuron, "transfer-curve", change=from_zero).axes[0]
    upper = next(child for child in axes.child_axes if child.get_xlabel() == devices.J_LABEL)
    assert upper.get_xlim() == pytest.approx([-0.03 * 0.35, 1.03 * 0.35], rel=1e-6, abs=1e-9)


def test_transfer_curve_of_currents_of_both_signs_is_zero_below_the_least_forward(neuron):
    """J_norm is 0 at the smallest current that is not negative, 0.05e12 A/m²."""

    def both_signs(data):
        density = 0.2e12 * np.arange(data.sizes["current_density"]) - 0.15e12
        data["current_density"] = density
        data["normalized_current_density"].values[:] = (density - 0.05e12) / 1.2e12

    for axes in drawn(neuron, "transfer-curve", change=both_signs).axes[:2]:
        upper = next(child for child in axes.child_axes if child.get_xlabel() == devices.J_LABEL)
        ends = 0.05 + 1.2 * np.array(axes.get_xlim())
        assert upper.get_xlim() == pytest.approx(ends, rel=1e-6, abs=0)
        curves = lines(axes)
        (quartic,) = (line for label, line in curves.items() if label.startswith("quartic"))
        for line in (curves["ideal ReLU"], quartic):
            x, y = map(np.asarray, line.get_data())
            assert x[0] == pytest.approx(-1 / 6, rel=1e-9, abs=0)
            assert (y[x < 0] == 0).all()
        assert curves["ideal ReLU"].get_ydata()[-1] == 1
        # the curve itself shows what the inset would show
        assert [child for child in axes.child_axes if child.get_lines()] == []


def apart(data):
    """Move the upper end 30 nm ahead, and let one wall rest a nanosecond before the others."""
    data["sweep_wall_top"].values[:] += 30e-9
    data["end_time"].values[:] = [2e-9] + [3e-9] * (data.sizes["current_density"] - 1)


def test_a_plain_tracks_ends_are_told_apart_in_nm_and_ns(track):
    data = files.read_dataset(track.out, "track")
    figure = drawn(track, "wall-position", change=apart)
    left, right = figure.axes[:2]
    solid = [line for line in left.get_lines() if line.get_linestyle() == "-"]
    dashed = [line for line in left.get_lines() if line.get_linestyle() == "--"]
    densities = [f"{j:.2f}" for j in np.array(track.device.pulse.current_densities) * 1e-12]
    assert [line.get_label() for line in solid] == densities
    for index, (lower, upper) in enumerate(zip(solid, dashed, strict=True)):
        assert np.array_equal(lower.get_color(), upper.get_color())
        bottom = data["sweep_wall_bottom"].values[index] * 1e9
        assert lower.get_ydata() == pytest.approx(bottom, rel=1e-6, abs=0)
        assert upper.get_ydata() == pytest.approx(bottom + 30, rel=1e-6, abs=0)
        assert lower.get_xdata() == pytest.approx(np.arange(31) * 0.1, rel=1e-6, abs=0)
    assert "solid: lower end\ndashed: upper end" in left.get_legend().get_title().get_text()
    assert left.get_xlim() == pytest.approx((0, 3), rel=1e-6, abs=0)
    length = track.device.track.length * 1e9
    assert left.get_ylim() == pytest.approx((0, 1.02 * length), rel=1e-6, abs=0)
    assert left.patches[0].get_width() == pytest.approx(3, rel=1e-6, abs=0)
    assert (left.get_xlabel(), left.get_ylabel()) == ("time (ns)", "wall end (nm)")
    (velocity,) = right.get_lines()
    expected = (60 + 590 * (np.array(track.device.pulse.current_densities) / 1e12 - 0.1)) / 3
    assert velocity.get_ydata() == pytest.approx(expected, rel=0.02, abs=0)  # m/s
    assert velocity.get_xdata() == pytest.approx([float(j) for j in densities], rel=1e-6, abs=0)
    assert (right.get_xlabel(), right.get_ylabel()) == (devices.J_LABEL, "wall velocity (m/s)")


def test_velocities_of_both_signs_are_all_shown(track):
    def both_signs(data):
        data["current_density"] = data["current_density"] - 0.3e12
        data["wall_velocity"].values[0] = -20

    right = drawn(track, "wall-position", change=both_signs).axes[1]
    (line,) = right.get_lines()
    assert line.get_ydata()[0] == pytest.approx(-20, rel=1e-6, abs=0)
    for (low, high), shown in (
        (right.get_xlim(), line.get_xdata()),
        (right.get_ylim(), line.get_ydata()),
    ):
        assert low < min(shown) < 0 < max(shown) < high


def test_kinds_of_final_states():
    kinds = {
        ("notch 2", 1): "at a notch",
        ("notch 2", -1): "at a notch",
        ("notch 2", 0): "still moving",
        ("between 1 and 2", 1): "between two notches",
        ("between 2 and 1", 1): "between two notches",
        ("reversed", 1): "reversed",
        ("initial", 1): "where it started",
        **{(state, 1): "elsewhere" for state in ("expelled", "free", "wider")},
    }
    for (state, settled), kind in kinds.items():
        assert devices.kind_of_state(files.WallState(state), settled) == kind


def test_synapses_are_compared_in_each_reading_under_their_names(synapse):
    data = files.read_dataset(synapse.out, "synapse").load()
    other = data.copy(deep=True)
    other["normalized_final_conductance"].values[:] *= 0.8
    other = other.assign_coords(current_density=data["current_density"] - 1e12)
    with style.apply(SMALL):
        sources = devices.Sources({"first": data, "second": other})
        assert sources.device is data  # that of a figure of one device
        figure = devices.DRAWINGS["synapses-compared"](sources, SMALL)
    for axes, reading, title in zip(
        figure.axes, files.READINGS, ("in parallel", "resistance linear"), strict=True
    ):
        assert title in axes.get_title(loc="left")
        curves = lines(axes)
        values = data["normalized_final_conductance"].sel(reading=reading).values
        assert curves["first"].get_ydata() == pytest.approx(values, rel=1e-9, abs=0)
        assert curves["second"].get_ydata() == pytest.approx(0.8 * values, rel=1e-9, abs=0)
        assert curves["first"].get_xdata() == pytest.approx([0.3, 0.5, 0.6, 0.8, 1.0], abs=1e-9)
        assert curves["second"].get_xdata() == pytest.approx([-0.7, -0.5, -0.4, -0.2, 0], abs=1e-9)
        assert axes.get_xlabel() == devices.J_LABEL


def test_numbers_are_written_in_their_unit_with_the_digits_that_count():
    texts = {0.1e12: "0.10", -0.05e12: "-0.05", 0.1234e12: "0.1234", 1e12: "1.00", 12e9: "0.012"}
    assert {density: devices.density_in_1e12(density) for density in texts} == texts
    assert devices.error_text(0.0216) == "largest error 0.022"
    assert devices.error_text(0.0004) == "largest error below 0.001"
    assert devices.error_text(float("nan")) == "through all points, error unknown"
