"""What the moving pictures of the page show: maps, curves, staircase, probabilities."""

import base64
import io

import numpy as np
import pytest
from helpers.walls import NEURON, SYNAPSE, SYNAPSE_ENDS, Bench, campaign
from matplotlib.colors import to_rgb
from PIL import Image

from wallnet import files
from wallnet.jobs.report import Studied
from wallnet.page import pictures as page_pictures
from wallnet.page.findings import Findings
from wallnet.page.pictures import pictures
from wallnet.plan.summary import summary_job
from wallnet.report import style
from wallnet.report.tables import rendered


@pytest.fixture
def bench(tmp_path):
    """Return a synapse with its traces."""
    writer = Bench(tmp_path, "d", campaign(d=SYNAPSE).devices["d"])
    writer.write_all(SYNAPSE_ENDS.__getitem__)
    writer.gather()
    return writer


def drawn(bench, **more):
    """Return the pictures of the synapse."""
    job = summary_job(campaign(d=SYNAPSE)).model_copy(update=more)
    return pictures(job, Findings.of(job, bench.root))


def changed(bench, **variables):
    """Return the pictures of the synapse after a change of its file."""
    data = files.read_dataset(bench.out, "synapse")
    for name, values in variables.items():
        data[name].values[: len(values)] = values
    files.write_dataset(data, bench.out, "synapse", {})
    return drawn(bench)["devices"]["d"]


def decoded(pulse):
    """Return the colours of the maps of a pulse, without the edge rows that are there twice."""
    raw = base64.b64decode(pulse["maps"].removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(raw)) as image:
        colours = np.asarray(image)[::-1] / 255
    maps = np.array(np.split(colours, len(pulse["at"])))
    assert (maps[:, [0, -1]] == maps[:, [1, -2]]).all()
    return maps[:, 1:-1]


def test_a_map_has_the_colours_of_its_snapshot(bench):
    path = bench.root / files.TRACE.format(device="d", current="0.8000")
    trace = files.read_dataset(path, "run")
    field = trace["magnetization"].values
    field[0, 0], field[0, 1], field[0, 2, 5:9] = (0, 0, -0.5), (0, 0, 0.25), np.nan
    files.write_dataset(trace, path, "run", {})
    pulse = drawn(bench)["devices"]["d"]["pulses"][3]
    assert pulse["at"] == pytest.approx(trace["snapshot_time"].values / 1e-9, rel=1e-3, abs=0)
    maps = decoded(pulse)
    assert maps.shape == (*field.shape[:3], 3)
    colours, scale = maps[0], style.magnetization_map()
    # 64 steps from -1 to 1
    for row, m_z in ((0, -0.5), (1, 0.25)):
        assert colours[row, 20] == pytest.approx(scale((m_z + 1) / 2)[:3], abs=0.03)
    assert colours[2, 5:9] == pytest.approx(np.tile(to_rgb(style.EMPTY), (4, 1)), abs=1e-9)
    last = trace["magnetization"].isel(snapshot=-1).sel(component="z").values
    magnetic = np.isfinite(last)
    expected = scale((last + 1) / 2)[..., :3]
    assert maps[-1][magnetic] == pytest.approx(expected[magnetic], abs=0.03)


def test_cells_that_are_filled_in_part_are_paler(bench, monkeypatch):
    whole = decoded(drawn(bench)["devices"]["d"]["pulses"][1])
    share = np.linspace(0.2, 1, whole.shape[1])[:, None] + np.zeros(whole.shape[2])
    monkeypatch.setattr(page_pictures, "filled_cells", lambda trace: share)
    paler = decoded(drawn(bench)["devices"]["d"]["pulses"][1])
    expected = share[..., None] * whole + (1 - share[..., None]) * to_rgb(style.EMPTY)
    assert paler == pytest.approx(expected, abs=0.01)


def test_curves_share_one_time_axis(bench):
    """The walls go steadily from 60 nm to their ends in 2 ns, and J ends with the pulse."""
    device = drawn(bench)["devices"]["d"]
    pulse, data = device["pulses"][2], files.read_dataset(bench.out, "synapse")
    curves = {name: np.array(values) for name, values in pulse["curves"].items()}
    assert (device["length"], device["width"]) == pytest.approx((900, 90), rel=1e-9, abs=0)
    assert pulse["label"] == "0.60: between 1 and 2"
    assert {values.size for values in curves.values()} == {curves["time"].size}
    assert curves["time"].size <= page_pictures.MOST_POINTS
    assert curves["time"][-1] == pytest.approx(
        float(data["end_time"].values[2]) / 1e-9, rel=1e-5, abs=0
    )
    row = data.isel(current_density=2)
    for name, variable, unit in (
        ("lower", row["sweep_wall_bottom"], 1e-9),
        ("upper", row["sweep_wall_top"], 1e-9),
        ("G", row["conductance"].sel(reading="parallel"), 1e-6),
    ):
        expected = np.interp(curves["time"], data["time"] / 1e-9, variable / unit)
        assert curves[name] == pytest.approx(expected, rel=1e-5, abs=1e-9)
    # at notches, whose radius is 18 nm
    assert [curves["lower"][-1], curves["upper"][-1]] == pytest.approx([300, 600], abs=19)
    assert curves["J"][0] == pytest.approx(0.6, rel=1e-6, abs=0)
    step = data["time"].values[1] / 1e-9
    assert not curves["J"][curves["time"] > 2 + step].any()


def test_the_staircase_has_all_pulses_and_levels(bench):
    device = drawn(bench)["devices"]["d"]
    assert device["stairs"]["J"] == [0.3, 0.5, 0.6, 0.8, 1.0]
    states = ["initial", "notch 1", "between 1 and 2", "notch 2", "reversed"]
    assert device["stairs"]["state"] == device["levels"]["state"] == states
    data = files.read_dataset(bench.out, "synapse")
    conductance = data["final_conductance"].sel(reading="parallel").values / 1e-6
    assert device["stairs"]["G"] == pytest.approx(conductance, rel=1e-5, abs=0)
    assert device["chances"] == []
    device = changed(bench, state=["initial", "still moving"], reachable=[1, 1, 0])
    assert device["stairs"]["state"][1] == "still moving"
    assert device["levels"]["dash"] == ["solid", "solid", "dashed", "solid", "solid"]
    assert device["fits"] == {"J": [], "G": [], "dash": []}
    assert device["title"] == "Conductance levels"


def test_pulses_beyond_the_model_are_hollow_named_and_not_shown_first(bench):
    """The strongest pulse that is valid and ends at a notch is shown first."""
    blue = style.COLOURS[0]
    device = drawn(bench)["devices"]["d"]
    assert device["stairs"]["fill"] == [blue] * 5
    assert device["pulses"][device["start"]]["label"] == "0.80: notch 2"
    device = changed(bench, beyond_model=[0, 0, 0, 1, 1], level_beyond_model=[0, 0, 0, 1, 1])
    assert device["stairs"]["fill"] == [blue, blue, blue, "white", "white"]
    assert device["stairs"]["state"][2:4] == ["between 1 and 2", "notch 2, beyond the model"]
    assert device["levels"]["dash"] == ["solid"] * 3 + ["dashed"] * 2
    assert device["pulses"][3]["label"] == "0.80: notch 2, beyond the model"
    assert device["pulses"][device["start"]]["label"] == "0.50: notch 1"
    device = changed(bench, settled=[1, 0, 1])
    assert device["stairs"]["fill"] == [blue, "white", blue, "white", "white"]
    assert device["pulses"][device["start"]]["label"] == "0.60: between 1 and 2"


def test_a_neuron_has_its_transfer_curve_and_no_levels(tmp_path):
    """G of the quartic and of the ideal ReLU, from J of 0.1 to 0.45e12 A/m²."""
    writer = Bench(tmp_path, "d", campaign(d=NEURON).devices["d"])
    writer.write_all(lambda density: (120e-9 + 590e-21 * (density - 0.1e12),) * 2)
    data = writer.gather()
    job = summary_job(campaign(d=NEURON))
    device = pictures(job, Findings.of(job, tmp_path))["devices"]["d"]
    assert device["title"] == "Transfer curve"
    assert device["levels"]["G"] == []
    assert "level" not in device["about"]
    (x, same), (quartic, relu) = device["fits"]["J"], device["fits"]["G"]
    assert x == same
    assert [x[0], x[-1]] == pytest.approx([0.1, 0.45], rel=1e-9, abs=0)
    ends = data["final_conductance"].sel(reading="parallel").values / 1e-6
    assert relu == pytest.approx(np.linspace(ends[0], ends[-1], 61), rel=1e-9, abs=0)
    expected = np.interp(data["current_density"].values / 1e12, x, quartic)
    largest = float(data["fit_error"].sel(reading="parallel")) * np.ptp(ends)
    assert np.abs(expected - ends).max() == pytest.approx(largest, rel=0.2, abs=0.01)


def test_too_many_maps_are_thinned_and_the_last_one_stays(bench, monkeypatch):
    whole = drawn(bench)["devices"]["d"]["pulses"]
    largest = max(range(5), key=lambda index: len(whole[index]["maps"]))
    count = len(whole[largest]["at"])
    # a part of each of the five pulses; a track has 15 rows of cells, a map two more
    limits = {"MOST_BYTES": 5 * (len(whole[largest]["maps"]) - 1), "TALLEST": 17 * count - 1}
    for limit in limits.items():
        with monkeypatch.context() as changing:
            changing.setattr(page_pictures, *limit)
            few = drawn(bench)["devices"]["d"]["pulses"]
        assert len(few[largest]["at"]) == (count + 1) // 2
        for pulse, every in zip(few, whole, strict=True):
            assert pulse["at"][-1] == every["at"][-1]
            assert (decoded(pulse)[-1] == decoded(every)[-1]).all()
    monkeypatch.setattr(page_pictures, "MOST_BYTES", 1)
    assert [len(pulse["at"]) for pulse in drawn(bench)["devices"]["d"]["pulses"]] == [1] * 5


def test_pulses_without_a_trace_are_left_out(bench):
    (bench.root / files.TRACE.format(device="d", current="0.5000")).unlink()
    device = drawn(bench)["devices"]["d"]
    states = ["0.30: initial", "0.60: between 1 and 2", "0.80: notch 2", "1.00: reversed"]
    assert [pulse["label"] for pulse in device["pulses"]] == states
    assert device["start"] == 2
    for path in bench.traces:
        path.unlink(missing_ok=True)
    assert drawn(bench) is None


def test_probabilities_are_those_of_the_studies_of_the_device(bench, monkeypatch):
    import pandas

    columns = ["model", "J", "state", "P", "low", "high"]
    rows = [
        ("cool", 0.5, "notch 1", 0.25, 0.1, 0.4),
        ("cool", 0.5, "free", 0.75, 0.5, 0.9),
        ("cool", 0.7, "notch 1", 0.0, 0.0, 0.3),
        ("as-configured", 0.5, "free", 1.0, 0.9, 1.0),
        ("as-configured", 0.7, "free", np.nan, np.nan, np.nan),
    ]

    class Show:
        @staticmethod
        def probabilities(data):
            return pandas.DataFrame(rows, columns=columns)

    monkeypatch.setattr(page_pictures, "show_of", lambda study: Show)
    job = summary_job(campaign(d=SYNAPSE)).model_copy(update={"studied": ()})
    results = Findings.of(job, bench.root)
    results = Findings(**vars(results) | {"studied": {("thermal", name): rows for name in "ab"}})
    other = {"study": "thermal", "needed": False, "headline": False}
    studied = [Studied(subject="a", device="d", **other), Studied(subject="b", device="e", **other)]
    content = pictures(job.model_copy(update={"studied": tuple(studied)}), results)
    cool, configured = content["devices"]["d"]["chances"]
    assert (cool["label"], configured["label"]) == ("a, cool", "a")
    blue, red = style.COLOURS[:2]
    assert cool["points"] == {
        **{"J": [0.5, 0.5], "state": ["notch 1", "free"], "P": [0.25, 0.75]},
        **{"low": [0.1, 0.5], "high": [0.4, 0.9], "colour": [blue, red]},
    }
    # where a state never occurs, its line ends without a dot, which would cover others
    ways = {"state": ["notch 1", "free"], "colour": [blue, red], "J": [[0.5, 0.7], [0.5]]}
    assert cool["ways"] == ways | {"P": [[0.25, 0.0], [0.75]]}
    # beyond the model there is no probability
    assert configured["points"]["J"] == [0.5]


def test_the_page_executes_no_text_of_the_data(bench):
    evil = "</script><script>alert(1)</script><!--"
    content = drawn(bench)
    plain = rendered("pictures.html.j2", pictures=content, written="d")
    content["devices"] = {evil: content["devices"]["d"]}
    content["devices"][evil]["pulses"][0]["label"] = evil
    page = rendered("pictures.html.j2", pictures=content, written=evil)
    assert evil not in page
    assert page.count("<script") == plain.count("<script")
    assert page.count("</script") == plain.count("</script")
