"""The summary of a campaign: its numbers, its parts, and what it says of missing ones."""

import base64
import html
import json
import re

import numpy as np
import pytest
from helpers.accuracies import write_accuracies
from helpers.programs import RESPONSE, staircase
from helpers.walls import NEURON, SYNAPSE, campaign

from wallnet import config, files, jobs, plan
from wallnet.cli import main
from wallnet.config import Arrival, Response, Rest
from wallnet.devices.compact import compact_model
from wallnet.devices.price import price_of
from wallnet.files import FileError
from wallnet.report import summary
from wallnet.report.parameters import table as parameters

ACCURACIES = """dataset,device,reading,mapping,recipe,stage,seed,test_accuracy,validation_accuracy
mnist,none,none,none,plain,fp32,1,97.00,90.00
mnist,none,none,none,plain,fp32,2,97.50,90.00
mnist,synapse-3,parallel,layer,plain,quantized,1,90.00,90.00
mnist,synapse-3,parallel,layer,plain,quantized,2,91.00,90.00
"""

RECIPE = {"plain": {"fp32": {"epochs": 1, "learning_rate": 1e-3}}}


@pytest.fixture
def configured():
    """Return a campaign of the paper's kind: neuron, synapse, program, networks, statements."""
    data = {
        "material": campaign(d=SYNAPSE).devices["d"].material.model_dump(mode="json"),
        "devices": {"neuron": NEURON, "synapse-3": SYNAPSE},
        "programs": {"up-down": staircase()["programs"]["up-down"] | {"device": "synapse-3"}},
        "networks": {
            "datasets": ["mnist"],
            "synapses": ["synapse-3"],
            "recipes": RECIPE,
            "seeds": [1, 2],
            "table_ii": {"synapse-3": 5},
        },
        "calibration": {
            "read_delays": [0],
            "rests": [
                {"device": "synapse-3", "current_density": 0.5e12, "state": "notch 1"},
                {"device": "synapse-3", "current_density": 0.7e12, "state": "reversed"},
            ],
            "arrivals": [
                {"device": "synapse-3", "current_density": 0.5e12, "notch": 1}
                | {"time": 2e-9, "tolerance": 0.5e-9}
            ],
            "responses": [
                {"device": "neuron", "current_densities": [1e11, 3e11, 4.5e11], "deviation": 0.1}
            ],
        },
    }
    return config.parse(data)


@pytest.fixture
def folder(configured, neuron, synapse, tmp_path):
    """Return the folder of the finished campaign, with pictures that are only text."""
    for bench, name in ((neuron, "neuron"), (synapse, "synapse-3")):
        data = bench.gather()
        data.attrs.update(device=name)
        path = tmp_path / files.DEVICE.format(device=name)
        files.write_dataset(data, path, data.attrs["kind"], {})
    about = {"program": "up-down", "parameters": "{}", "simulation": "{}", "revision": 4}
    about |= {"simulation_backend": "film", "simulation_backend_version": "0.9"}
    response = files.dataset("response", RESPONSE).assign_attrs(simulation_revision=6, **about)
    files.write_dataset(
        response, tmp_path / files.RESPONSE.format(program="up-down"), "response", {}
    )
    table = files.TABLE.format(table="parameters", suffix=".csv")
    files.write_text(parameters(configured.devices).as_csv(), tmp_path / table)
    write_accuracies(ACCURACIES, tmp_path)
    model = tmp_path / files.COMPACT_MODEL.format(device="synapse-3")
    compact_model(tmp_path / files.DEVICE.format(device="synapse-3"), model)
    for path in plan.story_figures(jobs.summary_job(configured)).values():
        files.write_text(f"picture {path}", tmp_path / path)
        files.write_text(f"data {path}", tmp_path / files.data_of(path))
    return tmp_path


def page_of(job, folder):
    main(
        [
            *("summary", "--job", job.to_json(), "--directory", str(folder)),
            *("--html", str(folder / "page.html")),
        ]
    )
    return (folder / "page.html").read_text()


def part(page, title):
    """Return the part of a page below a title, as text without tags."""
    found = re.search(rf"<h2>{title}</h2>(.*?)</section>", page, re.S).group(1)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


def cells(page, caption):
    """Return the rows of a table by its caption."""
    found = re.search(rf"<caption>{re.escape(caption)}</caption>(.*?)</table>", page, re.S).group(1)
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr.*?</tr>", found)
    ]


def test_the_papers_accuracies_stand_beside_ours(configured, folder):
    page = page_of(jobs.summary_job(configured), folder)
    assert cells(page, "Test accuracy in per cent")[1:] == [
        ["MNIST, synapse-3", "paper, Table II", "97.41", "93.84"],
        ["MNIST, synapse-3", "plain, layer", "97.25 ± 0.35", "90.50 ± 0.71"],
    ]
    text = part(page, "The paper beside this campaign")
    assert text.startswith("Accuracies: mean ± standard deviation of 2 seeds; reading: parallel.")


def test_the_papers_statements_stand_beside_ours(configured, folder):
    """The walls of the synapse end at 60, 300, 300 to 600, 600 and 1000 nm after 2 ns."""
    page = page_of(jobs.summary_job(configured), folder)
    deviation = files.read_dataset(folder / files.DEVICE.format(device="neuron"), "neuron")[
        "relu_deviation"
    ]
    here = ", ".join(f"{float(deviation.sel(reading=r)):.3f} ({r})" for r in files.READINGS)
    # the wall moves from 60 to 300 nm in 2 ns; the edge of the notch is at 300 - 18 nm
    arrived = 2 * (300 - 18 - 60) / (300 - 60)
    assert cells(page, "Devices, the paper and here") == [
        list(summary.PAPER_COLUMNS),
        ["synapse-3", "state after the pulse", "0.50", "notch 1", "notch 1", "0.50"],
        [
            *("synapse-3", "state after the pulse", "0.70", "reversed"),
            *("between 1 and 2 at 0.60; notch 2 at 0.80", "1.00"),
        ],
        ["synapse-3", "time to notch 1", "0.50", "2 ns", f"{arrived:.2f} ns", ""],
        ["neuron", "largest deviation from ReLU", "0.10 to 0.45", "slight", here, ""],
    ]


@pytest.mark.parametrize("end", ["bottom", "top"])
def test_a_wall_arrives_with_its_last_end(synapse, end):
    """The ends move from 60 to 300 or 600 nm in 2 ns, one of them 10 nm behind the other."""
    data = synapse.gather()
    data[f"sweep_wall_{end}"].values[:] -= 10e-9
    asked = [
        Arrival(device="d", current_density=density, notch=notch, time=2e-9, tolerance=1e-9)
        for density, notch in ((0.5e12, 1), (0.8e12, 2))
    ]
    changes = {"rests": (), "arrivals": tuple(asked), "responses": ()}
    job = jobs.summary_job(campaign(d=SYNAPSE)).model_copy(update=changes)
    rows = summary.paper_table(job, {"d": data}).rows()
    assert [(row[1], row[4]) for row in rows] == [
        ("time to notch 1", f"{2 * (300 - 18 - 60 + 10) / (300 - 60):.2f} ns"),
        ("time to notch 2", f"{2 * (600 - 18 - 60 + 10) / (600 - 60):.2f} ns"),
    ]


def test_a_statement_about_moving_walls_or_pulses_that_nobody_made(synapse, neuron):
    data = synapse.gather()
    data["settled"].values[:] = [1, 0, 1, 1, 1]
    job = jobs.summary_job(campaign(d=SYNAPSE)).model_copy(
        update={
            "rests": (
                Rest(device="d", current_density=0.5e12, state="notch 1"),
                Rest(device="d", current_density=2e12, state="notch 3"),
                Rest(device="d", current_density=0.1e12, state="notch 2"),
            ),
            "arrivals": (
                Arrival(device="d", current_density=0.7e12, notch=1, time=2e-9, tolerance=1e-9),
                Arrival(device="d", current_density=0.3e12, notch=2, time=2e-9, tolerance=1e-9),
            ),
            "responses": (
                Response(device="d", current_densities=[1e11, 2e11, 3e11], deviation=0.1),
            ),
        }
    )
    rows = summary.paper_table(job, {"d": data}).rows()
    assert [row[3:] for row in rows] == [
        ["notch 1", "notch 1, still moving", "–"],
        ["notch 3", "reversed", "–"],
        ["notch 2", "initial", "0.80"],
        ["2 ns", "not simulated", ""],
        ["2 ns", "never", ""],
        ["slight", "no transfer curve", ""],
    ]


def test_the_smallest_current_density_is_that_of_the_smallest_magnitude(synapse):
    data = synapse.gather()
    density = np.array([-0.9e12, -0.4e12, 0.2e12, 0.5e12, 0.6e12])
    data = data.assign_coords(current_density=("current_density", density))
    data["state"].values[:] = ["notch 1", "notch 1", "initial", "notch 1", "notch 2"]
    data["settled"].values[:] = [1, 1, 1, 1, 1]
    rest = Rest(device="d", current_density=0.5e12, state="notch 1")
    job = jobs.summary_job(campaign(d=SYNAPSE)).model_copy(update={"rests": (rest,)})
    (row,) = summary.paper_table(job, {"d": data}).rows()
    assert row[2:] == ["0.50", "notch 1", "notch 1", "-0.40"]
    data["state"].values[2] = "notch 1"  # the smallest of the sweep: a smaller one may do as well
    (row,) = summary.paper_table(job, {"d": data}).rows()
    assert row[2:] == ["0.50", "notch 1", "notch 1", "≤ 0.20"]


def test_each_figure_has_its_picture_its_data_and_how_it_was_made(configured, folder):
    page = page_of(jobs.summary_job(configured), folder)
    story = plan.story_figures(jobs.summary_job(configured))
    assert list(story) == ["written", "rewritten", "accuracy"]
    for path in story.values():
        picture = base64.b64encode(f"picture {path}".encode()).decode()
        assert f'src="data:image/png;base64,{picture}"' in page
        data = base64.b64encode(f"data {path}".encode()).decode()
        assert f'href="data:text/csv;charset=utf-8;base64,{data}"' in page
    written = part(page, "Written")
    assert "calculator analytic 1, revision 7" in written
    assert "also in results/figures/devices/synapse-3-conductance.csv" in written
    assert "made again by snakemake results/figures/devices/synapse-3-conductance.png" in written
    assert "calculator film 0.9, revision 6" in part(page, "Rewritten")
    assert "seeds 1, 2" in part(page, "At what price")


def test_the_program_on_the_synapse_is_the_one_that_is_shown(configured, folder):
    """Another program, on a neuron say, comes before it."""
    job = jobs.summary_job(configured)
    data = files.read_dataset(folder / files.RESPONSE.format(program="up-down"), "response")
    data.attrs.update(program="before", simulation_backend_version="another")
    files.write_dataset(data, folder / files.RESPONSE.format(program="before"), "response", {})
    both = job.model_copy(update={"programs": ("before", "up-down")})
    assert job.programs == ("up-down",)
    assert "calculator film 0.9, revision 6" in part(page_of(both, folder), "Rewritten")


def test_the_story_is_told_in_order_with_its_tables(configured, folder):
    page = page_of(jobs.summary_job(configured), folder)
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles[2:6] == ["Written", "Kept", "Rewritten", "At what price"]
    levels = cells(page, "synapse-3: levels")
    assert [row[:2] for row in levels[1:]] == [
        *(["0", "initial"], ["1", "notch 1"], ["half", "between 1 and 2"]),
        *(["2", "notch 2"], ["3", "reversed"]),
    ]
    assert levels[2][-1] == "0.5000"
    price = cells(page, "synapse-3: price of a pulse of 2 ns")
    assert price[1][:2] == ["notch 1", "0.5000"]
    # 1.3e-6 Ω m · J² · 900 nm · 90 nm · 5 nm · 2 ns; the rise is that of each pulse by itself
    job = jobs.price_job(configured.devices["synapse-3"])
    for row, density in zip(price[1:], (0.5e12, 0.6e12, 0.8e12, 1.0e12), strict=True):
        energy = 1.3e-6 * density**2 * 900e-9 * 90e-9 * 5e-9 * 2e-9
        rise = price_of(job, density, 2e-9).rise
        assert row[2:] == [f"{energy * 1e12:.2f}", f"{rise.mean:.0f}", f"{rise.peak:.0f}"]
        assert row[3] != row[4]
    assert cells(page, "Accuracy that the levels cost")[1][-2:] == ["6.75 (3.57 to 9.93)", "–"]
    about = cells(page, "Parameters of these devices")
    assert about[0] == ["key", "unit", "neuron", "synapse-3"]
    assert ["material.damping", "1", "0.5", "0.5"] in about


def test_other_devices_and_final_states_are_left_out(configured, folder):
    """The story has the levels, and the parameters of its own devices."""
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    data["state"].values[0] = "free"
    files.write_dataset(data, path, "synapse", {})
    text = "key,unit,neuron,other,synapse-3\na.b,m,1,2,3\nc.d,m,,4,\ne.f,s,,5,6\n"
    files.write_text(text, folder / files.TABLE.format(table="parameters", suffix=".csv"))
    page = page_of(jobs.summary_job(configured), folder)
    assert cells(page, "Parameters of these devices") == [
        ["key", "unit", "neuron", "synapse-3"],
        ["a.b", "m", "1", "3"],
        ["e.f", "s", "", "6"],
    ]
    # the device of the program that rewrites
    job = jobs.summary_job(configured).model_copy(update={"rewritable": "other"})
    about = cells(page_of(job, folder), "Parameters of these devices")
    assert about[0] == ["key", "unit", "neuron", "other", "synapse-3"]
    for caption in ("synapse-3: levels", "synapse-3: minima of the energy"):
        states = [row[1] for row in cells(page, caption)[1:]]
        assert states == ["initial", "notch 1", "between 1 and 2", "notch 2", "reversed"]


def test_a_level_that_a_negative_current_writes_has_a_price(configured, folder):
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    data["reaching_current_density"].values[1] *= -1
    files.write_dataset(data, path, "synapse", {})
    page = page_of(jobs.summary_job(configured), folder)
    price = cells(page, "synapse-3: price of a pulse of 2 ns")
    assert [row[:2] for row in price[1:]] == [
        *(["notch 1", "-0.5000"], ["between 1 and 2", "0.6000"]),
        *(["notch 2", "0.8000"], ["reversed", "1.0000"]),
    ]
    assert float(price[1][2]) > 0


def test_barriers_are_shown_if_they_are_those_of_this_configuration(configured, folder):
    job = jobs.summary_job(configured)
    assert "snakemake barriers computes them" in part(page_of(job, folder), "Kept")
    assert cells(page_of(job, folder), "synapse-3: minima of the energy")[1][1] == "initial"
    about, picture, numbers = plan.barrier_results("synapse-3")
    device_path = folder / files.DEVICE.format(device="synapse-3")
    device = files.read_dataset(device_path, "synapse")
    device["level_energy"].values[1] = 3e-17
    files.write_dataset(device, device_path, device.attrs["kind"], {})
    pair = {"pair_forward": [1e-19], "pair_backward": [2e-19], "pair_images": [3]}
    values = {
        "state_name": ["notch 1"],
        "state_energy": np.array([3e-17]),
        **{f"state_wall_{end}": [2.25e-7] for end in ("bottom", "top")},
        **{"state_barrier": [1.6e-19], "state_exit": ["reversed"], "state_kept": [0]},
        "state_lifetime": [[1e8, 1e5]],
        **{"pair_first": ["notch 1"], "pair_second": ["reversed"], "pair_converged": [1]},
        **{"pair_route": ["both ends together"], "pair_energy": [[0.0, 1e-19, 0.0]]},
        **{f"pair_wall_{end}": [[0.0, 1e-7, 2e-7]] for end in ("bottom", "top")},
        **pair,
    }

    def write(energy=3e-17, parameters=None):
        parameters = parameters or job.barriers.to_json()
        found = files.dataset("barriers", values | {"state_energy": np.array([energy])})
        found = found.assign_attrs(
            device="synapse-3", parameters=parameters, revision=1, wallnet_version="0"
        )
        files.write_dataset(found, folder / about, "barriers", {})

    write()
    files.write_text("energies", folder / picture)
    assert "computes them" in part(page_of(job, folder), "Kept")  # its data are missing
    files.write_text("numbers", folder / numbers)
    page = page_of(job, folder)
    text = part(page, "Kept")
    assert "computes them" not in text
    assert base64.b64encode(b"energies").decode() in page
    assert "temperature 300 K" in text
    thermal = 1.380649e-23 * 300
    assert f"{1.6e-19 / thermal:.1f}" in text
    write(energy=3.001e-17)  # of another material
    assert "computes them" in part(page_of(job, folder), "Kept")
    write(parameters=json.dumps(job.barriers.plain() | {"temperature": 77.0}))
    assert "computes them" in part(page_of(job, folder), "Kept")


def test_parts_without_results_say_so(folder, tmp_path):
    only = config.parse({"material": {}, "devices": {"neuron": NEURON}} | MATERIALS)
    files.write_text(
        parameters(only.devices).as_csv(),
        folder / files.TABLE.format(table="parameters", suffix=".csv"),
    )
    page = page_of(jobs.summary_job(only), folder)
    assert "<img" not in page
    assert part(page, "Main numbers").startswith(
        "No device or network of this campaign stands for one of the paper."
    )
    assert cells(page, "Devices")[1] == ["neuron", "neuron", "8", "1"]
    assert part(page, "Written") == "This campaign has no synapse, so nothing is written."
    assert "so no barriers are known" in part(page, "Kept")
    assert part(page, "Rewritten") == "This campaign has no program of pulses on a synapse."
    assert part(page, "At what price") == (
        "This campaign has no networks, so no accuracy is known."
    )
    assert part(page, "Warnings") == "There is nothing to change."


MATERIALS = {"material": campaign(d=SYNAPSE).devices["d"].material.model_dump(mode="json")}


def test_warnings_are_those_of_the_results(configured, folder):
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    data["settled"].values[1:4] = 0
    files.write_dataset(data, path, data.attrs["kind"], {})
    path = folder / files.RESPONSE.format(program="up-down")
    data = files.read_dataset(path, "response")
    data["pulse_settled"].values[2] = 0
    files.write_dataset(data, path, "response", {})
    text = part(page_of(jobs.summary_job(configured), folder), "Warnings")
    assert text == (
        "synapse-3: the wall still moved at the end of 3 of 5 pulses, which therefore reach no "
        "level; raise relaxation.longest "
        "program up-down: the wall still moved after the pause of pulse 2; lengthen the pause"
    )


def test_the_page_begins_with_how_hot_the_pulses_are(configured, folder):
    """Doubts on levels stand with the accuracies, and the table marks the level."""
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    data["level_beyond_model"].values[3] = 1
    data["level_minimum"].values[0] = 0
    data["level_shift"].values[0] = 157.2e-9
    files.write_dataset(data, path, data.attrs["kind"], {})
    compact_model(path, folder / files.COMPACT_MODEL.format(device="synapse-3"))
    page = page_of(jobs.summary_job(configured), folder)
    first = re.search(r"<h2>(.*?)</h2>", page).group(1)
    assert part(page, first) == f"synapse-3: {data.attrs['caveat']}"
    paper = part(page, "The paper beside this campaign")
    for text in ("level 0 (initial) by 157 nm", "reach (beyond_model): level 2 (notch 2)"):
        assert text in paper
    reached = {row[1]: row[4] for row in cells(page, "synapse-3: levels")}
    assert (reached["notch 1"], reached["notch 2"]) == ("yes", "only beyond the Curie temperature")


def test_text_of_files_is_shown_and_not_executed(configured, folder):
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    data.attrs["simulation_backend"] = evil
    files.write_dataset(data, path, data.attrs["kind"], {})
    write_accuracies(ACCURACIES.replace("mnist", "<b>data</b>"), folder)
    page = page_of(jobs.summary_job(configured), folder)
    assert page.count("<script") == 1
    assert "onerror=alert(1)>" not in page
    assert html.escape("<script>alert(1)</script>") in page
    assert "<b>" not in page
    assert "&lt;b&gt;data&lt;/b&gt;" in page


def test_the_page_loads_nothing(configured, folder):
    page = page_of(jobs.summary_job(configured), folder)
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert {re.sub(r"[,;].*|\d+$", "", link) for link in links} == {
        *("data:image/png", "data:text/csv", "#part-", "report.html"),
    }
    assert "@import" not in page
    assert "url(" not in page


@pytest.mark.parametrize("name", ["accuracy.png", "accuracy.csv"])
def test_a_missing_or_damaged_figure_is_named(configured, folder, name):
    path = folder / "results/figures" / name
    path.write_text("other")
    job = jobs.summary_job(configured)
    with pytest.raises(FileError, match=f"{name} is damaged"):
        summary.summary(job, folder, folder / "page.html")
    path.unlink()
    with pytest.raises(FileError, match=f"{name} is not there; run snakemake"):
        summary.summary(job, folder, folder / "page.html")
    assert not (folder / "page.html").exists()
