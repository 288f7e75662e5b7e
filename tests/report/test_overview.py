"""What `make run` prints at its end."""

import pytest
import yaml
from helpers.accuracies import write_accuracies
from helpers.programs import RESPONSE, staircase
from helpers.walls import NEURON, SYNAPSE, campaign

from wallnet import files
from wallnet.cli import main
from wallnet.devices.compact import compact_model
from wallnet.report.overview import new_results, overview


def figure(name):
    return [f"results/figures/{name}{suffix}" for suffix in (".png", ".pdf", ".csv")]


def network(seed):
    folder = f"results/networks/mnist/s/parallel/layer/plain/quantized/seed-{seed}"
    return [f"{folder}/{name}" for name in ("metrics.json", "best.ckpt", "programming.nc")]


def test_new_results_are_counted_by_kind_in_the_order_of_the_campaign():
    """Files of one table, figure or network count once, and small files beside a device never."""
    made = [
        *figure("accuracy"),
        *figure("devices/s-price"),
        *network(1),
        *network(2),
        *(f"results/tables/devices/s{suffix}" for suffix in (".csv", ".md", ".html")),
        *(f"results/traces/s/0.{number}000.nc" for number in range(9)),
        *(f"results/traces/t/0.{number}000.nc" for number in range(2)),
        *("results/compact_models/s.json", "results/responses/p.nc", "results/summary.html"),
        *("results/devices/s.nc", "results/initial/s.nc", "results/minima/s/1.nc"),
        *("results/barriers/s.nc", "results/windows/w.nc"),
    ]
    assert new_results(made) == (
        "1 initial state, 11 traces, 1 minimum, s, 2 networks, 1 table, 2 figures, "
        "2 results of other targets, summary"
    )
    assert new_results([]) == ""


@pytest.mark.parametrize(("count", "text"), [(4, "a, b, c, d"), (5, "5 devices"), (1, "a")])
def test_a_few_devices_are_named(count, text):
    assert new_results(f"results/devices/{name}.nc" for name in "abcde"[:count]) == text


def test_traces_of_two_current_densities_are_two():
    """A current density has a dot in its name."""
    assert new_results(["results/traces/s/0.5000.nc", "results/traces/s/0.5250.nc"]) == "2 traces"


CAVEAT = "3 of 5 pulses heat the track by more than 50 K, up to 715 K: its parameters change"
MOVED = [
    "  synapse-3: the wall still moved at the end of 3 of 5 pulses, which therefore",
    "    reach no level; raise relaxation.longest",
]


@pytest.fixture
def folder(neuron, synapse, tmp_path):
    material = campaign(d=SYNAPSE).devices["d"].material.model_dump(mode="json")
    data = {"material": material, "devices": {"synapse-3": SYNAPSE, "neuron": NEURON}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    for bench, name in ((neuron, "neuron"), (synapse, "synapse-3")):
        found = bench.gather()
        found.attrs.pop("caveat", None)
        if name == "synapse-3":
            found["settled"].values[:3] = 0
            found.attrs["caveat"] = CAVEAT
        path = tmp_path / files.DEVICE.format(device=name)
        files.write_dataset(found, path, found.attrs["kind"], {})
    return tmp_path


def test_the_end_has_caveats_main_numbers_new_results_warnings_and_paths(folder, capsys):
    files.note_run([f"results/traces/synapse-3/{n}.0000.nc" for n in range(3)], folder)
    main(["overview", "--directory", str(folder)])
    assert capsys.readouterr().out.splitlines() == [
        "synapse-3: 3 of 5 pulses heat the track by more than 50 K, up to 715 K: its",
        "    parameters change",
        "",
        "Devices",
        "device        kind  pulses  final states",
        "synapse-3  synapse       5             2",
        "neuron      neuron       8             1",
        "",
        "New: 3 traces",
        "Warnings:",
        *MOVED,
        f"Summary: {folder}/results/summary.html",
        f"Report: {folder}/results/report.html",
    ]


def test_warnings_of_programs_are_told(folder):
    data = yaml.safe_load((folder / "config.yaml").read_text())
    data["programs"] = {"up-down": staircase()["programs"]["up-down"] | {"device": "synapse-3"}}
    (folder / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    response = files.dataset("response", RESPONSE | {"pulse_settled": [-1, 1, 0, 1]})
    path = folder / files.RESPONSE.format(program="up-down")
    files.write_dataset(response, path, "response", {"program": "up-down"})
    lines = overview(folder).splitlines()
    assert lines[lines.index("Warnings:") + 1 : -2] == [
        *MOVED,
        "  program up-down: the wall still moved after the pause of pulse 2; lengthen the",
        "    pause",
    ]


def test_a_run_that_made_nothing_says_so_and_an_unknown_run_is_left_out(folder):
    assert "New:" not in overview(folder)
    files.note_run([], folder)
    assert "\nNew: nothing\n" in overview(folder)
    (folder / files.LAST_RUN).write_text("{")
    assert "New:" not in overview(folder)


def test_accuracies_come_after_the_caveats_and_with_their_own(folder):
    data = yaml.safe_load((folder / "config.yaml").read_text())
    recipe = {"fp32": {"epochs": 1, "learning_rate": 1e-3}}
    data["networks"] = {"synapses": ["synapse-3"], "recipes": {"plain": recipe}}
    data["networks"]["table_ii"] = {"synapse-3": 5}
    (folder / "config.yaml").write_text(yaml.safe_dump(data))
    table = "dataset,device,reading,mapping,recipe,stage,seed,test_accuracy,validation_accuracy\n"
    table += "mnist,none,none,none,plain,fp32,1,97.00,96.50\n"
    table += "mnist,synapse-3,parallel,layer,plain,quantized,1,90.00,50.25\n"
    table += "mnist,synapse-3,parallel,signed,plain,quantized,1,85.00,95.00\n"
    table += "mnist,synapse-3,parallel,row,plain,quantized,1,96.00,85.00\n"
    write_accuracies(table, folder)
    data = files.read_dataset(folder / files.DEVICE.format(device="synapse-3"), "synapse")
    data["level_minimum"].values[0] = 0
    data["level_shift"].values[0] = 9e-9
    files.write_dataset(data, folder / "creeping.nc", "synapse", {})
    model = folder / files.COMPACT_MODEL.format(device="synapse-3")
    compact_model(folder / "creeping.nc", model)
    lines = overview(folder).splitlines()
    assert lines[2:15] == [
        "",
        "Test accuracy in per cent",
        "                    FP32  Quantised",
        "MNIST, synapse-3",
        "  paper, Table II  97.41      93.84",
        "  plain, signed    97.00      85.00",
        "of one seed; reading: parallel",
        "Best mapping without training on the levels, by validation: signed",
        "layer, the mapping of the paper, loses up to 46.2 points of validation accuracy",
        "    without training on the levels (MNIST on synapse-3)",
        "synapse-3: the networks use levels that are no minimum of the energy, from which",
        "    the wall creeps on: level 0 (initial) by 9 nm",
        "",
    ]
    assert lines[15:18] == [
        "Warnings:",
        "  mapping row loses up to 11.5 points of validation accuracy without training on",
        "    the levels (MNIST on synapse-3); use signed",
    ]


def test_long_lists_keep_to_80_columns(folder):
    path = folder / files.DEVICE.format(device="synapse-3")
    found = files.read_dataset(path, "synapse")
    found["level_conductance"].values[:] = float("nan")
    files.write_dataset(found, path, found.attrs["kind"], {})
    files.note_run([f"results/{kind}/a/b.nc" for kind in "abcdefghij"], folder)
    assert max(map(len, overview(folder).splitlines()[:-2])) <= 80


def test_a_missing_result_is_named(folder):
    (folder / files.DEVICE.format(device="neuron")).unlink()
    with pytest.raises(SystemExit, match=r"neuron\.nc is not there; run snakemake to make it"):
        main(["overview", "--directory", str(folder)])
