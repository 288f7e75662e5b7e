"""The page of a campaign: what it found, its sections, its links, and the terminal's same text."""

import base64
import html
import json
import re
import shutil

import numpy as np
import pytest
import xarray
import yaml
from helpers.accuracies import write_accuracies
from helpers.programs import DOWN, RESPONSE, UP
from helpers.walls import NEURON, SYNAPSE, campaign
from PIL import Image

from wallnet import files, plan
from wallnet.config.networks import Networks
from wallnet.config.reference import ArrivalTime, FinalState, Reference, TransferCurve
from wallnet.files import FileError
from wallnet.jobs import minima_job
from wallnet.jobs.report import Studied
from wallnet.page import summary
from wallnet.page.findings import overview
from wallnet.plan.listing import everything
from wallnet.plan.summary import linked_summary, studied_files, summary_job, summary_sources
from wallnet.studies.compact import compact_model
from wallnet.studies.pulse_trains.show import pulses_text

ACCURACIES = """dataset,device,reading,mapping,recipe,stage,seed,test_accuracy,validation_accuracy
mnist,none,none,none,plain,fp32,1,97.00,90.00
mnist,none,none,none,plain,fp32,2,97.50,90.00
mnist,synapse-3,parallel,layer,plain,quantized,1,90.00,90.00
mnist,synapse-3,parallel,layer,plain,quantized,2,91.00,90.00
"""

RESPONSES = "results/pulse_trains/{}.nc"
TRAIN = {"device": "synapse-3", "pulses": [UP, DOWN]}

RECIPE = {"plain": {"fp32": {"epochs": 1, "learning_rate": 1e-3}}}


@pytest.fixture(scope="module")
def plain():
    """Return a campaign of the paper's kind: devices, pulse train, networks, reference data."""
    return {
        "material": campaign(d=SYNAPSE).devices["d"].material.model_dump(mode="json"),
        "devices": {"neuron": NEURON, "synapse-3": SYNAPSE},
        "pulse_trains": {"up-down": TRAIN},
        "networks": {
            "datasets": ["mnist"],
            "synapses": ["synapse-3"],
            "recipes": RECIPE,
            "seeds": [1, 2],
            "table_ii": {"synapse-3": 5},
        },
        "reference": {
            "final_states": [
                {"device": "synapse-3", "current_density": 0.5e12, "state": "notch 1"},
                {"device": "synapse-3", "current_density": 0.7e12, "state": "reversed"},
            ],
            "arrival_times": [
                {"device": "synapse-3", "current_density": 0.5e12, "notch": 1}
                | {"time": 2e-9, "tolerance": 0.5e-9}
            ],
            "transfer_curves": [
                {"device": "neuron", "current_densities": [1e11, 3e11, 4.5e11], "deviation": 0.1}
            ],
        },
    }


@pytest.fixture(scope="module")
def configured(plain):
    return plan.parse(plain)


@pytest.fixture(scope="module")
def finished(plain, configured, neuron, synapse, tmp_path_factory):
    """Return the folder of the finished campaign, with pictures that are only text."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "config.yaml").write_text(yaml.safe_dump(plain))
    for bench, name in ((neuron, "neuron"), (synapse, "synapse-3")):
        data = bench.gather()
        data.attrs.update(device=name)
        path = folder / files.DEVICE.format(device=name)
        files.write_dataset(data, path, data.attrs["kind"], {})
    about = {"subject": "up-down", "parameters": "{}", "simulation": "{}", "revision": 4}
    about |= {"simulation_backend": "film", "simulation_backend_version": "0.9"}
    response = files.dataset("response", RESPONSE).assign_attrs(simulation_revision=6, **about)
    files.write_dataset(response, folder / RESPONSES.format("up-down"), "response", {})
    write_accuracies(ACCURACIES, folder)
    model = folder / files.COMPACT_MODEL.format(device="synapse-3")
    compact_model(folder / files.DEVICE.format(device="synapse-3"), model)
    for path in pictures(configured):
        files.write_text(f"picture {path}", folder / path)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """Return a copy of it, which a test may change."""
    return shutil.copytree(finished, tmp_path, dirs_exist_ok=True)


def pictures(campaign):
    return [path for path in summary_sources(summary_job(campaign)) if path.endswith(".png")]


def change(folder, kind="synapse", **values):
    """Change the first entries of variables of the synapse, or of the response."""
    places = {"synapse": files.DEVICE.format(device="synapse-3")}
    places["response"] = RESPONSES.format("up-down")
    path = folder / places[kind]
    data = files.read_dataset(path, kind)
    for name, entries in values.items():
        data[name].values[: len(entries)] = entries
    files.write_dataset(data, path, kind, {})
    return data


def page_of(job, folder):
    return summary.tabulate({"folder": [folder]}, job.to_json())["html"]


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def part(page, title):
    """Return the part of a page below a title, as text without tags."""
    return text_of(re.search(rf"<h2>{title}</h2>(.*?)</section>", page, re.S).group(1))


def cells(page, caption):
    """Return the rows of a table by its caption."""
    table = re.search(rf"<caption>{re.escape(caption)}</caption>(.*?)</table>", page, re.S).group(1)
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in re.findall(r"<tr.*?</tr>", table)
    ]


def test_page_and_terminal_say_the_same_and_caveats_follow_the_numbers(configured, folder):
    table = ACCURACIES + "mnist,synapse-3,parallel,signed,plain,quantized,1,96.00,95.25\n"
    write_accuracies(table.replace("91.00,90.00", "91.00,20.00"), folder)
    data = change(folder, level_minimum=[0], level_shift=[157.2e-9], settled=[1, 0, 0, 0])
    hottest = data["temperature_rise"].values.max()
    change(folder, "response", pulse_settled=[-1, 1, 0])
    device = folder / files.DEVICE.format(device="synapse-3")
    compact_model(device, folder / files.COMPACT_MODEL.format(device="synapse-3"))
    sentences = [
        "MNIST on synapse-3: 97.25 ± 0.35 % in FP32, 96.00 % on the levels (parallel)",
        "neuron: G of ",
        "largest deviation from ReLU 0.",
        "synapse-3: 3 of 4 levels are valid: ",
        " pJ a pulse; all 3 pulses of up-down changed the state",
        "Test accuracy in per cent",
        "mean ± sample standard deviation of 2 seeds; reading parallel; levels at 0 K; Quantised: "
        "post-training quantisation",
        "Best mapping for post-training quantisation, by validation accuracy: signed",
        "layer, the mapping of the paper, loses up to 35.0 points of validation accuracy by "
        "post-training quantisation (MNIST on synapse-3)",
        "Pulses heat the track by more than 50 K: results are estimates "
        f"(synapse-3: 3 of 5, up to {hottest:.0f} K)",
        "The networks use levels that are no minimum of the energy, from which the wall creeps on "
        "(synapse-3: level 0 (initial) by 157 nm)",
        "Warnings",
        "the wall still moved at the end of most pulses, which therefore reach no level; raise "
        "relaxation.longest (synapse-3: 3 of 5)",
        "pulse train up-down: the wall still moved after the pause of pulse 2; lengthen the pause",
    ]
    page = page_of(summary_job(configured), folder)
    beginning = part(page, "What this campaign found")
    for text in (beginning, " ".join(overview(folder).split())):
        places = [text.index(sentence) for sentence in sentences]
        assert places == sorted(places)
        assert places[0] == 0
    assert cells(page, "Test accuracy in per cent")[1:] == [
        ["MNIST, synapse-3", "paper, Table II", "97.41", "93.84"],
        ["MNIST, synapse-3", "plain, signed", "97.25 ± 0.35", "96.00"],
    ]


def test_reference_data_stand_beside_ours(configured, folder):
    """The walls of the synapse end at 60, 300, 300 to 600, 600 and 1000 nm after 2 ns."""
    page = page_of(summary_job(configured), folder)
    deviation = files.read_dataset(folder / files.DEVICE.format(device="neuron"), "neuron")[
        "relu_deviation"
    ]
    here = ", ".join(f"{float(deviation.sel(reading=r)):.3f} ({r})" for r in files.READINGS)
    # the wall moves from 60 to 300 nm in 2 ns; the edge of the notch is at 300 - 18 nm
    arrived = 2 * (300 - 18 - 60) / (300 - 60)
    assert cells(page, "Devices: reference data and this campaign") == [
        list(summary.REFERENCE_COLUMNS),
        ["synapse-3", "state after the pulse", "0.50", "notch 1", "notch 1", "0.50"],
        [
            *("synapse-3", "state after the pulse", "0.70", "reversed"),
            *("between 1 and 2 at 0.60; notch 2 at 0.80", "1.00"),
        ],
        ["synapse-3", "time to notch 1", "0.50", "2 ns", f"{arrived:.2f} ns", ""],
        ["neuron", "largest deviation from ReLU", "0.10 to 0.45", "slight", here, ""],
    ]


def referring(**reference):
    """Return the job of a page with these reference data of the device `d`."""
    job = summary_job(campaign(d=SYNAPSE))
    return job.model_copy(update={"reference": Reference(**reference)})


def test_reference_data_of_moving_walls_or_pulses_that_nobody_made(synapse, neuron):
    data = synapse.gather()
    data["settled"].values[1], data["state"].values[1] = 0, "still moving"
    job = referring(
        final_states=(
            FinalState(device="d", current_density=0.5e12, state="notch 1"),
            FinalState(device="d", current_density=2e12, state="notch 3"),
            FinalState(device="d", current_density=0.1e12, state="notch 2"),
        ),
        arrival_times=(
            ArrivalTime(device="d", current_density=0.7e12, notch=1, time=2e-9, tolerance=1e-9),
            ArrivalTime(device="d", current_density=0.3e12, notch=2, time=2e-9, tolerance=1e-9),
        ),
        transfer_curves=(
            TransferCurve(device="d", current_densities=[1e11, 2e11, 3e11], deviation=0.1),
        ),
    )
    rows = summary.reference_table(job, {"d": data}).rows()
    assert [row[3:] for row in rows] == [
        ["notch 1", "still moving", "–"],
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
    final_state = FinalState(device="d", current_density=0.5e12, state="notch 1")
    job = referring(final_states=(final_state,))
    (row,) = summary.reference_table(job, {"d": data}).rows()
    assert row[2:] == ["0.50", "notch 1", "notch 1", "-0.40"]
    data["state"].values[2] = "notch 1"  # the smallest of the sweep: a smaller one may do as well
    (row,) = summary.reference_table(job, {"d": data}).rows()
    assert row[2:] == ["0.50", "notch 1", "notch 1", "≤ 0.20"]


def test_networks_as_made_have_a_part_once_they_are_evaluated(configured, folder):
    """A table of another campaign tells nothing; without the figure there is no part."""
    job = summary_job(configured)
    evaluated = job.model_copy(update={"as_made": True})
    assert "<h2>Networks as made</h2>" not in page_of(evaluated, folder)
    figure = folder / "results/figures/as-made.png"
    Image.new("RGB", (2, 2), "red").save(figure)
    shown = part(page_of(evaluated, folder), "Networks as made")
    assert "accuracy lost to each cause of imperfection alone and to all together" in shown
    assert "results/tables/as-made.csv" in shown
    assert "<h2>Networks as made</h2>" not in page_of(job, folder)


def test_equal_pulses_of_a_train_are_counted_and_many_different_ones_are_a_range():
    density = np.array([0, 0.7, 0.7, -0.7, 0.65, 0.7, -0.5]) * 1e12
    pulses = {"pulse_current_density": density, "pulse_duration": np.full(7, 5e-9)}
    train = xarray.Dataset({name: ("pulse", values) for name, values in pulses.items()})
    text = "2 × 0.70e12 A/m² for 5 ns, 1 × -0.70e12 A/m² for 5 ns"
    assert pulses_text(train.isel(pulse=slice(4))) == text
    assert pulses_text(train) == "6 pulses of -0.70 to 0.70e12 A/m² for 5 ns"
    train["pulse_duration"].values[-1] = 10e-9
    assert pulses_text(train).endswith("for 5 to 10 ns")


def test_studies_that_nobody_asked_for_have_pictures_once_they_are_there(configured, folder):
    job = summary_job(configured)
    study = Studied(study="pulse_trains", subject="late", needed=False, headline=False)
    job = job.model_copy(update={"studied": (*job.studied, study)})
    title = "<h2>Pulse train late</h2>"
    assert title not in page_of(job, folder)
    shutil.copy(folder / RESPONSES.format("up-down"), folder / RESPONSES.format("late"))
    assert title not in page_of(job, folder)  # not drawn yet
    files.write_text("response", folder / studied_files(study)[1])
    assert title in page_of(job, folder)


def test_the_page_links_the_results_of_the_campaign_and_loads_nothing(configured, folder):
    page = page_of(linked_summary(configured), folder)
    links = set(re.findall(r'(?:src|href)="(?!data:image/png|#)([^"]*)"', page))
    planned = {path.removeprefix("results/") for path in everything(configured)}
    # the report may not be there; the page names its command
    assert links <= planned
    assert "<code>snakemake --report results/report.html</code>" in page
    assert {
        *("figures/devices/neuron-transfer-curve.png", "figures/accuracy.png"),
        *("tables/devices/neuron.html", "tables/pulse_trains/up-down.html", "tables/accuracy.html"),
    } <= links
    assert "@import" not in page
    assert "url(" not in page


def test_barriers_are_shown_if_they_are_those_of_this_configuration(configured, folder):
    """They are at 350 K, with the film at 350 K; the sweep's is that at 300 K."""
    settings = {"temperature": 350.0, "attempt_frequencies": [1e9, 1e12]}
    job = summary_job(configured)
    (train, barriers) = job.studied
    barriers = barriers.model_copy(update={"settings": settings})
    job = job.model_copy(update={"studied": (train, barriers)})
    assert "run snakemake barriers" in part(page_of(job, folder), "Retention")
    assert cells(page_of(job, folder), "synapse-3: minima of the energy")[1][1] == "initial"
    about, picture = studied_files(barriers)
    pair = {"pair_forward": [1e-19], "pair_backward": [2e-19], "pair_images": [3]}
    values = {
        "state_name": ["notch 1"],
        "state_energy": np.array([3e-17]),
        **{f"state_wall_{end}": [2.25e-7] for end in ("bottom", "top")},
        **{"state_barrier": [1.6e-19], "state_exit": ["reversed"], "state_retained": [0]},
        "state_lifetime": [[1e8, 1e5]],
        **{"pair_first": ["notch 1"], "pair_second": ["reversed"], "pair_converged": [1]},
        **{"pair_route": ["both ends together"], "pair_energy": [[0.0, 1e-19, 0.0]]},
        **{f"pair_wall_{end}": [[0.0, 1e-7, 2e-7]] for end in ("bottom", "top")},
        **{"further_temperature": [], "further_lifetime": np.empty((0, 1, 2))},
        **{f"further_{name}": np.empty((0, 1)) for name in ("barrier", "energy", "retained")},
        **{f"further_{way}": np.empty((0, 1)) for way in ("forward", "backward")},
        **pair,
    }

    def write(kelvin=350.0, film=350.0):
        device = configured.devices["synapse-3"]
        dataset = files.dataset("barriers", values).assign_attrs(
            device="synapse-3",
            parameters=json.dumps({"settings": settings | {"temperature": kelvin}}),
            simulation=minima_job(device, film).to_json(),
            revision=1,
            wallnet_version="0",
            simulation_backend="film",
        )
        files.write_dataset(dataset, folder / about, "barriers", {})

    write()
    assert "run snakemake barriers" in part(page_of(job, folder), "Retention")  # not drawn yet
    files.write_text("energies", folder / picture)
    page = page_of(job, folder)
    text = part(page, "Retention")
    assert "run snakemake barriers" not in text
    assert base64.b64encode(b"energies").decode() in page
    assert "synapse-3, without a pulse, 350 K" in text
    assert "retained (loss at most 0.01)" in text
    thermal = 1.380649e-23 * 350
    barrier = f"{1.6e-19 / thermal:.3g} k_B T"
    states = f"no state retained (loss at most 0.01) at 350 K, barriers of {barrier}"
    sentence = f"{states}; all 3 pulses of up-down"
    assert sentence in part(page, "What this campaign found")
    assert f"{1.6e-19 / thermal:.1f}" in text
    for other in ({"film": 300.0}, {"kelvin": 77.0}):
        write(**other)
        page = page_of(job, folder)
        assert "run snakemake barriers" in part(page, "Retention")
    assert "retained (loss at most" not in part(page, "What this campaign found")


def test_a_campaign_without_synapses_has_what_it_found(configured, folder):
    only = configured.model_copy(update={"devices": {"neuron": configured.devices["neuron"]}})
    only._studies = {}
    only = only.model_copy(update={"networks": Networks(), "reference": Reference()})
    page = page_of(summary_job(only), folder)
    assert "<img" not in page
    assert re.findall(r"<h2>(.*?)</h2>", page) == [
        *("What this campaign found", "All results"),
    ]
    assert part(page, "What this campaign found").startswith("neuron: G of ")
    assert re.findall(r"<li>(.*?)</li>", page.partition("Warnings")[2]) == [*only.warnings]


def test_text_of_files_is_shown_and_not_executed(configured, folder):
    path = folder / files.DEVICE.format(device="synapse-3")
    data = files.read_dataset(path, "synapse")
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    data.attrs["simulation_backend"] = evil
    files.write_dataset(data, path, data.attrs["kind"], {})
    write_accuracies(ACCURACIES.replace("mnist", "<b>data</b>"), folder)
    page = page_of(summary_job(configured), folder)
    assert page.count("<script") == 1
    assert "onerror=alert(1)>" not in page
    assert html.escape("<script>alert(1)</script>") in page
    assert "<b>" not in page
    assert "&lt;b&gt;data&lt;/b&gt;" in page


def test_a_missing_or_damaged_figure_is_named(configured, folder):
    path = folder / "results/figures/accuracy.png"
    path.write_text("other")
    job = summary_job(configured)
    with pytest.raises(FileError, match=r"accuracy\.png is damaged"):
        page_of(job, folder)
    path.unlink()
    with pytest.raises(FileError, match=r"accuracy\.png is not there; run snakemake"):
        page_of(job, folder)
