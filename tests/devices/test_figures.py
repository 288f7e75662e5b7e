"""Figures of the devices: they exist, show the correct content, and are reproducible."""

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.pictures import assert_shows, content_of, line
from helpers.walls import Bench, gathered_once, whole
from matplotlib import pyplot
from matplotlib.axis import Axis
from matplotlib.legend import Legend
from matplotlib.text import Text
from PIL import Image

from wallnet import cli, config, files, plan
from wallnet.config import Figures
from wallnet.devices import figures as devices
from wallnet.jobs.report import FigureJob
from wallnet.plan.shown import FIGURES
from wallnet.report import style

SMALL = Figures(resolution=72)
STYLE = SMALL.model_dump_json()


neuron, synapse, track = map(gathered_once, ("neuron", "synapse", "track"))


def draw(bench, kind, folder, **options):
    outputs = folder / f"{kind}.png", folder / f"{kind}.svg"
    traces = f"traces={bench.traces[0].parent}"
    call(kind, outputs, f"{FIGURES[kind].kind}={bench.out}", traces, **options)
    return outputs


def call(kind, outputs, *sources, style=STYLE, **options):
    """Draw a figure as a rule does, as PNG and as a vector file."""
    job = FigureJob(figure=kind, **options).to_json()
    words = ["show", "devices.figures", "--job", job]
    words += ["--figures", style, "--sources", *sources, "--to"]
    cli.main([*words, f"png={outputs[0]}", f"vector={outputs[1]}"])


def drawn(bench, kind, shown=(), change=None):
    """Return a figure with its axes before it is saved, optionally of a changed device."""
    data = files.read_dataset(bench.out, "track").load()
    if change is not None:
        change(data)
    sources = devices.Sources({bench.name: data}, str(bench.traces[0].parent), shown)
    with style.apply(SMALL):
        return devices.DRAWINGS[kind](sources, SMALL)


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
        bench.write_all(lambda density, half=half: (324e-9 if density > half else 148e-9,) * 2)
        bench.gather()
    return benches


@pytest.mark.parametrize(
    "kind",
    [name for name, definition in FIGURES.items() if definition.kind in ("neuron", "synapse")],
)
def test_a_figure_of_the_example_is_whole(example, kind):
    """Its tracks are shorter than the paper's, so that their maps are high."""
    assert_is_whole(drawn(example[FIGURES[kind].kind], kind))


def assert_is_whole(figure):
    """Assert that nothing is cut off, and that no legend covers a text."""
    figure.draw_without_rendering()
    shown, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(shown.x0, shown.y0, width - shown.x1, height - shown.y1) >= 0
    legends = figure.findobj(Legend)
    left_out = {text for legend in legends for text in legend.findobj(Text)}
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.majorTicks:
            if not low <= tick.get_loc() <= high:  # not drawn
                left_out |= {tick.label1, tick.label2}
    texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    boxes = [legend.get_window_extent() for legend in legends]
    assert [
        text.get_text()
        for text in texts
        if text not in left_out and any(map(text.get_window_extent().overlaps, boxes))
    ] == []


BLUE, ORANGE, GREEN, _, _, _, BLACK, _ = style.COLOURS
J = r"current density $\mathit{J}$ ($10^{12}$ A/m²)"
G = r"normalised conductance $\mathit{G}_{norm}$"
X, Y = r"$\mathit{x}$ (nm)", r"$\mathit{y}$ (nm)"
COLOUR_BAR = {"colour bar": r"$\mathit{m}_z$"}
READ = "(a) cells in parallel (Eq. 2)", r"(b) resistance linear in $\mathit{m}_z$"


def pulse_title(letter, density):
    return rf"({letter}) $\mathit{{J}}$ = {density:.2f} × $10^{{12}}$ A/m²"


def map_of(shape, size, behind, empty=0):
    """Return the map of a track of a size in nm, and cells behind the wall in three rows."""
    extent = [0, size[0], 0, size[1]]
    about = {"extent": extent, "limits": [-1, 1], "origin": "lower", "colours": "magnetization"}
    about |= {"empty": empty, "filled": np.prod(shape) - empty}
    return [{"shape": shape, **about, "below 0": behind}]


def test_maps_of_a_neuron_are_those_of_its_reading_with_the_detector(neuron):
    """The traces last 3 ns with a snapshot each; one pulse is read at 2.1 ns."""

    def read_earlier(data):
        data["read_time"].values[1] = 2.1e-9

    def panel(letter, density, wall, time=3, x="", y=""):
        # cells of 4 nm behind the wall
        shown = map_of([8, 128], (512, 32), [round(wall / 4)] * 3)
        return {
            "title": f"{pulse_title(letter, density)}, $\\mathit{{t}}$ = {time} ns",
            **{"x": [x, 0, 512], "y": [y, 0, 32], "images": shown},
            "background": style.EMPTY,
            "lines": [line("", f"- {BLACK}", [place] * 2, [0, 1]) for place in (128, 384)],
        }

    # from 60 nm to 120 nm, and 59 nm more per 0.1e12 A/m²
    four = [panel("a", 0.10, 120, y=Y), panel("b", 0.20, 179)]
    four += [panel("c", 0.35, 267.5, x=X, y=Y), panel("d", 0.45, 326.5, x=X)]
    figure = drawn(neuron, "magnetization", change=read_earlier)
    assert_shows(content_of(figure), [*four, COLOUR_BAR])
    # in the order of the key; a place without a map stays empty
    three = [panel("a", 0.15, 60 + 89.5 * 2 / 3, time=2.1, y=Y), panel("b", 0.40, 297)]
    three += [panel("c", 0.20, 179, x=X, y=Y)]
    figure = drawn(neuron, "magnetization", [0.15e12, 0.40e12, 0.20e12], read_earlier)
    assert_shows(content_of(figure), [*three, COLOUR_BAR])


def test_dynamics_show_maps_at_the_end_and_both_ends_of_the_wall(synapse):
    """A wall rests with its lower end at 300 nm and its upper one at 600 nm; another still moves.

    A pulse lasts 2 ns, and a hold of 1 ns follows. Maps show the end, whenever a device is read.
    """

    def still_moving(data):
        data["settled"].values[:] = [1, 0, -1, 1, 1]
        data["state"].values[1] = "still moving"
        data["read_time"].values[:] = 0.1e-9
        # the second and the third are shown
        data["end_time"].values[:] = [4e-9, 2.9e-9, 3e-9, 2e-9, 5e-9]

    def row(index, title, behind, lower, upper, last=False):
        # 16 of the 6 nm cells are empty in each half of a notch of 18 nm; the last is cut in two
        image = map_of([15, 150], (900, 90), behind, empty=5 * 16)
        left = {"title": title, "x": [X if last else "", 0, 900], "y": [Y, 0, 90, ["0", "90"]]}
        left |= {"images": image, "background": style.EMPTY}
        time = np.arange(31) * 0.1
        ends = [data[f"sweep_wall_{end}"].values[index][:31] / 1e-9 for end in ("bottom", "top")]
        # in a notch the edge is 18 nm inside, where a straight wall is 60 nm further on
        assert lower - 1e-3 <= ends[0][-1] < lower + 80
        assert upper - 80 < ends[1][-1] <= upper + 1e-3
        # m_z is 1 with the wall at the left end and -1 with it at the right end
        ends = [1 - 2 * end / 900 for end in ends]
        mean = data["sweep_m"].sel(component="z").values[index][:31]
        assert mean[-1] == pytest.approx(1 - (lower + upper) / 900, abs=0.02)
        notches = [
            line("", look, [0, 1], [1 - 2 * position / 900] * 2)
            for position in (300, 600, 900)
            for look in ("- #FFFFFF", "-- #808080")
        ]
        curves = [line("upper end", f"-- {ORANGE}", time, ends[1])]
        curves += [line("lower end", f"-. {BLUE}", time, ends[0])]
        curves += [line("mean", f"- {BLACK}", time, mean)]
        right = {
            "x": ["time (ns)" if last else "", 0, 3],
            "y": [r"$\langle\mathit{m}_z\rangle$", -1.08, 1.08, ["−1", "0", "1"]],
            "lines": notches + curves,
            "patches": [[0, 0, 2, 1, style.SHADE]],
            "second axes": [["wall (nm)", 936, -36, ["0", "450", "900"]]],
        }
        legend = {} if last else {"legend": ["mean", "lower end", "upper end"]}
        return left, right | legend

    data = files.read_dataset(synapse.out, "synapse")
    figure = drawn(synapse, "dynamics", [0.6e12, 0.5e12], still_moving)
    assert_is_whole(figure)
    # of 50 columns up to 300 nm three are in the notch at the edge, of 97 up to 582 nm six
    tilted = row(2, f"{pulse_title('a', 0.6)}: between 1 and 2", [47, 75, 97 - 6], 300, 600)
    title = f"{pulse_title('b', 0.5)}: still moving"
    straight = row(1, title, [47, 50, 47], 300, 300, last=True)
    straight[0]["patches"] = [[0, 0, 900, 1, BLUE]]  # hatched, not filled
    assert_shows(content_of(figure), [*tilted, *straight, COLOUR_BAR])
    # states between two notches are only in the table
    content = content_of(drawn(synapse, "dynamics"))
    titles = [panel["title"].partition(": ")[2] for panel in content if "title" in panel]
    assert titles == ["initial", "notch 1", "notch 2", "reversed"]
    with pytest.raises(files.FileError, match=r"has no pulse of 0\.4500e12 A/m²"):
        drawn(synapse, "dynamics", [0.45e12])


def test_a_map_shows_how_far_cells_are_filled(example):
    """Both edges have halves of ellipses."""
    axes, *_ = drawn(example["synapse"], "dynamics").axes
    (image,) = axes.images
    filled, track = image.get_alpha(), example["synapse"].device.track
    area = track.length * track.width
    area -= len(track.notch_positions) * np.pi * track.notches.length / 2 * track.notches.depth
    assert filled.sum() * track.cell_size**2 == pytest.approx(area, rel=1e-4, abs=0)
    assert ((filled > 0.1) & (filled < 0.9)).sum() > 20
    assert not axes.lines
    assert not axes.collections


def test_transfer_curves_are_over_normalised_current_below_the_current_itself(neuron):
    """J_norm is 0 at 0.10e12 and 1 at 0.45e12 A/m²; one reading is no activation."""

    def falling(data):
        data["fault"] = data["fault"].copy(data=np.array(["", "it falls"], dtype=object))

    def panel(index, y):
        reading = data.isel(reading=index)
        quartic = reading["quartic"].values
        name = f"quartic, largest error {float(reading['fit_error']):.3f}"
        fine, wide = np.linspace(0, 1, 401), np.linspace(-1, 1.5, 401)
        # 0 below, saturated above
        of_wide = np.polynomial.polynomial.polyval(np.minimum(wide, 1), quartic) * (wide >= 0)
        current = (np.arange(0.1, 0.46, 0.05) - 0.1) / 0.35
        curves = [
            line("ideal ReLU", f": {BLACK}", fine, fine),
            line(name, f"- {GREEN}", fine, np.polynomial.polynomial.polyval(fine, quartic)),
            line("micromagnetic simulation", f"o {BLUE}", current, points[index]),
        ]
        inset = {"x": ["", -1, 1.5, ["−1", "0", "1"]], "y": ["", -0.2, 1.6, ["0", "1"]]}
        relu = line("", f": {BLACK}", wide, np.maximum(wide, 0))
        inset["lines"] = [relu, line("", f"- {GREEN}", wide, of_wide)]
        whole = {
            "title": READ[index],
            "x": [r"normalised current density $\mathit{J}_{norm}$", -0.03, 1.03],
            "y": [y, -0.06, 1.06],
            "lines": curves,
            "legend": [curve[0] for curve in curves],
            "second axes": [[J, 0.1 - 0.03 * 0.35, 0.45 + 0.03 * 0.35]],
        }
        fault = {
            "background": devices.UNSUITABLE,
            "texts": [["No activation: it falls", 0.03, 0.5]],
        }
        return whole | (fault if index else {"insets": [inset]})

    data = files.read_dataset(neuron.out, "neuron").sel(reading=list(files.READINGS))
    points = data["normalized_final_conductance"].values
    figure = drawn(neuron, "transfer-curve", change=falling)
    assert_shows(content_of(figure), [panel(0, G), panel(1, "")])


def test_the_conductance_has_its_reading_and_levels_beside_microsiemens(synapse):
    """Level 1 has no conductance and no line, level 2 is not reached; no pulse ends at 0 or 1."""

    def change(data):
        data["normalized_level_conductance"].values[:, 1] = np.nan
        data["reachable"].values[3] = 0  # notch 2, after the half level
        data["final_conductance"].values[:] *= 0.9

    def panel(index):
        reading = data.isel(reading=index)
        values = reading["normalized_final_conductance"].values
        heights = whole(reading)["normalized_level_conductance"].values
        levels = [("level 0", "-", 0), ("level 2, not reached", "--", 2), ("level 3", "-", 3)]
        pulses = [
            *(
                ("at a notch", f"o {BLUE}", [1, 3]),
                ("between two notches", f"D {ORANGE}", [2]),
            ),
            *(("reversed", f"s {BLACK}", [4]), ("where it started", f"^ {BLACK}", [0])),
        ]
        looks = [("level, reached", "- #8C8C8C")]
        looks += [("level, not reached in the model", "-- #8C8C8C")]
        low, high = reading["level_conductance"].values[[0, -1]] * 1e6
        bounds = low - 0.06 * (high - low), high + 0.06 * (high - low)
        return {
            "title": READ[index],
            # 6 % of 0.7 beyond, and of 1.6 times as much for the numbers of the levels
            "x": [J, 0.3 - 1.6 * 0.042, 1.042],
            "y": [G, -0.06, 1.06],
            "lines": [
                *(line(name, f"{k} #8C8C8C", [0, 1], [heights[n]] * 2) for name, k, n in levels),
                line("all pulses", "- #666666", density, values),
                *(line(name, look, density[k], values[k]) for name, look, k in pulses),
                *(line(name, look, [], []) for name, look in looks * (index == 0)),
            ],
            "texts": [[str(number), 0.012, heights[number]] for *_, number in levels],
            "second axes": [[r"conductance $\mathit{G}$ (µS)", *bounds]],
        }

    density = np.array([0.3, 0.5, 0.6, 0.8, 1.0])
    data = files.read_dataset(synapse.out, "synapse").sel(reading=list(files.READINGS))
    legend = ["at a notch", "between two notches", "reversed", "where it started"]
    legend += ["level, reached", "level, not reached in the model"]
    figure = drawn(synapse, "conductance", change=change)
    assert_shows(content_of(figure), [panel(0), panel(1), legend])


def filled(axes, marker):
    """Return the x at which markers are filled, and those at which they are hollow."""
    places = {False: [], True: []}
    for part in axes.lines:
        if part.get_marker() == marker:
            x, hollow = part.get_xdata(), part.get_markerfacecolor() == "white"
            places[hollow] += x[... if hollow else part.get_markevery()].tolist()
    return places[False], places[True]


def test_pulses_beyond_the_model_and_moving_walls_are_hollow_in_all_figures(synapse, neuron, track):
    """The second wall still moves, and pulses from the fourth on are beyond the model."""

    def doubt(data):
        data["settled"].values[1] = 0
        data["state"].values[1] = "still moving"
        data["beyond_model"].values[3:] = 1
        if "level_beyond_model" in data:
            data["level_beyond_model"].values[3] = 1  # notch 2

    curves = drawn(synapse, "conductance", change=doubt)
    axes = curves.axes[0]
    places = [filled(axes, marker) for marker in "ov^Ds"]
    assert places == [([], [0.8]), ([], [0.5]), ([0.3], []), ([0.6], []), ([], [1.0])]
    names = [part.get_gid() for part in axes.lines if str(part.get_gid()).startswith("level")]
    assert names == ["level 0", "level 1", "level 2, not reached", "level 3"]
    compared = drawn(synapse, "synapses-compared", change=doubt)
    assert filled(compared.axes[0], "o") == ([0.3, 0.6], [0.5, 0.8, 1.0])
    for figure in (curves, compared):
        assert devices.HOLLOW in [text.get_text() for text in figure.legends[0].get_texts()]
    *_, rises, energies = drawn(synapse, "write-energy", change=doubt).axes
    assert filled(rises, "s") == filled(energies, "^") == ([0.3, 0.5, 0.6], [0.8, 1.0])
    transfer = drawn(neuron, "transfer-curve", change=doubt).axes[0]
    shown, hollow = (len(places) for places in filled(transfer, "o"))
    assert (shown, hollow) == (2, 6)
    for axes in (transfer, rises):
        texts = [text.get_text() for text in axes.get_legend().get_texts()]
        assert texts.count(devices.HOLLOW) == 1
    velocities = filled(drawn(track, "wall-position", change=doubt).axes[1], "o")
    assert [np.size(places) for places in velocities] == [2, 6]
    maps = drawn(synapse, "dynamics", [0.5e12, 0.6e12, 0.8e12], doubt).axes[:6:2]
    titles = [axes.get_title(loc="left").partition(": ")[2] for axes in maps]
    assert titles == ["still moving", "between 1 and 2", "notch 2, beyond the model"]
    assert [[patch.get_hatch() for patch in axes.patches] for axes in maps] == [["//"], [], ["//"]]


def test_synapses_are_compared_in_each_reading_under_their_names(synapse):
    data = files.read_dataset(synapse.out, "synapse").load().sel(reading=list(files.READINGS))
    other = data.copy(deep=True)
    other["normalized_final_conductance"].values[:] *= 0.8
    other = other.assign_coords(current_density=data["current_density"] - 1e12)
    with style.apply(SMALL):
        sources = devices.Sources({"first": data, "second": other})
        assert sources.device is data  # that of a figure of one device
        figure = devices.DRAWINGS["synapses-compared"](sources, SMALL)
    *panels, legend = content_of(figure)
    density = np.array([0.3, 0.5, 0.6, 0.8, 1.0])
    for index, panel in enumerate(panels):
        values = data["normalized_final_conductance"].values[index]
        first = line("first", f"o- {BLUE}", density, values)
        second = line("second", f"s-- {ORANGE}", density - 1, 0.8 * values)
        assert_shows(panel["lines"], [first, second])
        assert [panel["title"], panel["x"][0]] == [READ[index], J]
    assert legend == ["first", "second"]


def test_a_plain_track_has_the_ends_of_its_walls_and_their_velocity(track):
    """The upper end is 30 nm ahead, and one wall rests a nanosecond before the others."""

    def apart(data):
        data["sweep_wall_top"].values[:] += 30e-9
        data["end_time"].values[:] = [2e-9] + [3e-9] * 7

    data = files.read_dataset(track.out, "track")
    densities = np.arange(0.1, 0.46, 0.05)
    time, ends = np.arange(31) * 0.1, 120 + 590 * (densities - 0.1)
    left, right = content_of(drawn(track, "wall-position", change=apart))
    drawn_lines = left.pop("lines")
    colours = [look.split()[1] for _, look, *_ in drawn_lines]
    assert colours[::2] == colours[1::2]
    assert len(set(colours)) == 8
    expected = []
    for k, marker in enumerate("os^DvPX*"):
        wall = data["sweep_wall_bottom"].values[k] / 1e-9
        assert wall == pytest.approx(60 + (ends[k] - 60) * time / 3, abs=0.05)
        expected += [line(f"{densities[k]:.2f}", f"{marker}- {colours[2 * k]}", time, wall)]
        expected += [line("", f"-- {colours[2 * k]}", time, wall + 30)]
    assert_shows(drawn_lines, expected)
    labels = [f"{density:.2f}" for density in densities]
    assert_shows(
        left,
        {
            "title": "(a)",
            "x": ["time (ns)", 0, 3],
            "y": ["wall end (nm)", 0, 1.02 * 512],
            "patches": [[0, 0, 3, 1, style.SHADE]],
            "legend": [*labels, f"{style.J_LABEL}\nsolid: lower end\ndashed: upper end"],
        },
    )
    ((_, look, x, velocity),) = right["lines"]
    assert [right["title"], right["x"][:2], right["y"][:2]] == [
        *("(b)", [J, 0], ["wall velocity (m/s)", 0])
    ]
    assert_shows([look, x], [f"o- {BLUE}", densities])
    assert velocity == pytest.approx((ends - 60) / 3, rel=0.02, abs=0)


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


def test_a_device_of_another_kind_a_missing_trace_and_a_wrong_style_are_named(
    neuron, synapse, tmp_path
):
    with pytest.raises(SystemExit, match="is of kind 'neuron', not 'synapse'"):
        draw(neuron, "conductance", tmp_path)
    with style.apply(SMALL), pytest.raises(files.FileError, match=r"0\.1000\.nc is not there"):
        sources = {"neuron": [neuron.out], "traces": [str(tmp_path)]}
        devices.draw(sources, FigureJob(figure="magnetization").to_json(), SMALL)
    with pytest.raises(SystemExit, match="--figures is not a valid style of figures"):
        draw(synapse, "conductance", tmp_path, style='{"resolution": 7}')
    assert list(tmp_path.iterdir()) == []


def test_kinds_of_final_states():
    kinds = {
        "notch 2": "at a notch",
        "still moving": "still moving",
        "between 1 and 2": "between two notches",
        "between 2 and 1": "between two notches",
        "reversed": "reversed",
        "initial": "where it started",
        **dict.fromkeys(("expelled", "free", "wider", "gap 1", "several walls"), "elsewhere"),
    }
    for state, kind in kinds.items():
        assert devices.kind_of_state(files.WallState(state)) == kind
