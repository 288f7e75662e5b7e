"""What the moving pictures of the page show: maps, curves, staircase, probabilities."""

import base64
import io

import numpy as np
import pytest
from helpers.walls import SYNAPSE, SYNAPSE_ENDS, Bench, campaign
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


def drawn(bench, shown=(), **more):
    """Return the pictures of the synapse."""
    job = summary_job(campaign(d=SYNAPSE)).model_copy(update={"shown": {"d": shown}, **more})
    return pictures(job, Findings.of(job, bench.root))


def decoded(uri):
    """Return the colours of a picture, the first row at the bottom."""
    raw = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(raw)) as image:
        assert image.mode == "P"  # 8 bits for each pixel
        return np.asarray(image.convert("RGB"))[::-1] / 255


def test_a_map_has_the_colours_of_its_snapshot(bench):
    path = bench.root / files.TRACE.format(device="d", current="0.8000")
    trace = files.read_dataset(path, "trace")
    field = trace["magnetization"].values
    field[0, 0], field[0, 1], field[0, 2, 5:9] = (0, 0, -0.5), (0, 0, 0.25), np.nan
    files.write_dataset(trace, path, "trace", {})
    (pulse,) = drawn(bench, (0.8e12,))["devices"]["d"]["pulses"]
    assert pulse["at"] == pytest.approx(trace["snapshot_time"].values / 1e-9, rel=1e-3, abs=0)
    assert len(pulse["maps"]) == trace.sizes["snapshot"]
    colours = decoded(pulse["maps"][0])
    assert colours.shape == (*field.shape[1:3], 3)
    scale = style.magnetization_map()
    # 64 steps from -1 to 1
    for row, m_z in ((0, -0.5), (1, 0.25)):
        assert colours[row, 20] == pytest.approx(scale((m_z + 1) / 2)[:3], abs=0.03)
    assert colours[2, 5:9] == pytest.approx(np.tile(to_rgb(style.EMPTY), (4, 1)), abs=1e-9)
    last = trace["magnetization"].isel(snapshot=-1).sel(component="z").values
    magnetic = np.isfinite(last)
    expected = scale((last + 1) / 2)[..., :3]
    assert decoded(pulse["maps"][-1])[magnetic] == pytest.approx(expected[magnetic], abs=0.03)


def test_curves_share_one_time_axis(bench):
    """The walls go steadily from 60 nm to their ends in 2 ns, and J ends with the pulse."""
    device = drawn(bench, (0.6e12,))["devices"]["d"]
    (pulse,), data = device["pulses"], files.read_dataset(bench.out, "synapse")
    curves = {name: np.array(values) for name, values in pulse["curves"].items()}
    assert (device["length"], device["width"]) == pytest.approx((900, 90), rel=1e-9, abs=0)
    assert pulse["label"] == "0.60 × 10¹² A/m²: between 1 and 2"
    assert {values.size for values in curves.values()} == {curves["time"].size}
    assert curves["time"].size <= page_pictures.MOST_POINTS
    assert curves["time"][-1] == pytest.approx(
        float(data["end_time"].values[2]) / 1e-9, rel=1e-5, abs=0
    )
    of = data.isel(current_density=2)
    for name, variable, unit in (
        ("lower", of["sweep_wall_bottom"], 1e-9),
        ("upper", of["sweep_wall_top"], 1e-9),
        ("G", of["conductance"].sel(reading="parallel"), 1e-6),
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
    data["state"].values[1], data["reachable"].values[2] = "still moving", 0
    files.write_dataset(data, bench.out, "synapse", {})
    device = drawn(bench)["devices"]["d"]
    assert device["stairs"]["state"][1] == "still moving"
    assert device["levels"]["dash"] == ["solid", "solid", "dashed", "solid", "solid"]


def test_too_many_maps_are_thinned_and_the_last_one_stays(bench, monkeypatch):
    whole = drawn(bench, (0.5e12, 0.8e12))["devices"]["d"]["pulses"]
    size = sum(len(uri) for pulse in whole for uri in pulse["maps"])
    monkeypatch.setattr(page_pictures, "MOST_BYTES", size - 1)
    few = drawn(bench, (0.5e12, 0.8e12))["devices"]["d"]["pulses"]
    for pulse, every in zip(few, whole, strict=True):
        assert len(pulse["maps"]) == len(pulse["at"]) == (len(every["maps"]) + 1) // 2
        assert pulse["maps"][-1] == every["maps"][-1]
        assert pulse["at"][-1] == every["at"][-1]
    monkeypatch.setattr(page_pictures, "MOST_BYTES", 1)
    least = drawn(bench, (0.5e12, 0.8e12))["devices"]["d"]["pulses"]
    assert [len(pulse["maps"]) for pulse in least] == [1, 1]


def test_pulses_without_a_trace_are_left_out(bench):
    (bench.root / files.TRACE.format(device="d", current="0.5000")).unlink()
    labels = [pulse["label"] for pulse in drawn(bench, (0.5e12, 0.8e12))["devices"]["d"]["pulses"]]
    assert labels == ["0.80 × 10¹² A/m²: notch 2"]
    for path in bench.traces:
        path.unlink(missing_ok=True)
    assert drawn(bench) is None


def test_probabilities_are_those_of_the_studies_of_the_device(bench, monkeypatch):
    import pandas

    columns = ["model", "J", "state", "P", "low", "high"]
    rows = [
        ("cool", 0.5, "notch 1", 0.25, 0.1, 0.4),
        ("cool", 0.5, "free", 0.75, 0.5, 0.9),
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
    assert cool["colours"] == {"notch 1": blue, "free": red}
    # beyond the model there is no probability
    assert configured["points"]["J"] == [0.5]


def test_the_page_executes_no_text_of_the_data(bench):
    evil = "</script><script>alert(1)</script><!--"
    content = drawn(bench, (0.8e12,))
    plain = rendered("pictures.html.j2", pictures=content, written="d")
    content["devices"] = {evil: content["devices"]["d"]}
    content["devices"][evil]["pulses"][0]["label"] = evil
    page = rendered("pictures.html.j2", pictures=content, written=evil)
    assert evil not in page
    assert page.count("<script") == plain.count("<script")
    assert page.count("</script") == plain.count("</script")
