"""What `make run` prints at its end."""

import re

import pandas
import pytest
import yaml
from helpers.walls import NEURON, SYNAPSE, campaign

from wallnet import files
from wallnet.cli import main
from wallnet.page.findings import NETWORK, PLACE, WIDTH, as_text
from wallnet.report.tables import Table


@pytest.mark.parametrize("length", [3, 80])
def test_accuracies_are_blocks_of_at_most_80_columns(length):
    place, network = f"MNIST, {'d' * length}", "r" * length
    columns = [PLACE, NETWORK, "FP32", "Quantised", "Fine-tuned", "QAT"]
    values = ["9.50", *3 * ["50.00 ± 70.71"]]
    rows = [[place, "paper", *4 * ["–"]], [place, network, *values], ["own", network, *values]]
    lines = as_text(Table("Accuracy", pandas.DataFrame(rows, columns=columns))).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[:3] == ["Accuracy", lines[1], place[:WIDTH]]
    assert lines[1].split() == columns[2:]
    assert lines[3].split() == ["paper", *4 * ["–"]]
    assert lines[4].endswith("9.50  50.00 ± 70.71  50.00 ± 70.71  50.00 ± 70.71")
    assert lines[5] == "own"
    assert len(lines) == 7


CAVEAT = "3 of 5 pulses heat the track by more than 50 K, up to 1,715 K: its parameters change"


@pytest.fixture
def folder(neuron, synapse, tmp_path):
    material = campaign(d=SYNAPSE).devices["d"].material.model_dump(mode="json")
    data = {"material": material, "devices": {"synapse-3": SYNAPSE, "neuron": NEURON}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    for bench, name in ((neuron, "neuron"), (synapse, "synapse-3")):
        dataset = bench.gather()
        dataset.attrs.pop("caveat", None)
        if name == "synapse-3":
            dataset["settled"].values[:3] = 0
            dataset.attrs["caveat"] = CAVEAT
        else:
            dataset["relu_deviation"].values[:] = [0.123, 0.456]
        path = tmp_path / files.DEVICE.format(device=name)
        files.write_dataset(dataset, path, dataset.attrs["kind"], {})
    return tmp_path


def test_the_end_has_what_was_found_and_paths(folder, capsys):
    main(["overview", "--directory", str(folder)])
    lines = capsys.readouterr().out.splitlines()
    end = lines.index("")
    written, read = " ".join(" ".join(lines[:end]).split()).split(" neuron: ")
    assert re.fullmatch(
        r"synapse-3: all 4 levels are valid: .* µS .*, written by 0.5 to 1 .* pJ a pulse", written
    )
    assert re.fullmatch(r"G of .* µS .* pJ a pulse; largest deviation from .*\(series\)", read)
    assert lines[end:] == [
        "",
        "Pulses heat the track by more than 50 K: its parameters change (synapse-3: 3 of",
        "    5, up to 1,715 K)",
        "",
        "Warnings:",
        "  devices.synapse-3.track.cell_size 6e-09 m is above 4.317e-09 m, the smaller of",
        "    Δ/2 and the exchange length, so that the cells may pin the wall; choose a",
        "    smaller one, or compare with one",
        "  the wall still moved at the end of most pulses, which therefore reach no",
        "    level; raise relaxation.longest (synapse-3: 3 of 5)",
        "",
        f"Summary: {folder}/results/summary.html",
        "Report: written by snakemake --report results/report.html",
    ]
    (folder / "results/report.html").touch()
    main(["overview", "--directory", str(folder)])
    assert capsys.readouterr().out.splitlines()[-1] == f"Report: {folder}/results/report.html"


def test_what_is_not_there_yet_is_named_and_the_rest_is_shown(folder, capsys):
    """As after a target that needs a part of the devices; without any there is nothing to show."""
    (folder / files.DEVICE.format(device="neuron")).unlink()
    main(["overview", "--directory", str(folder)])
    shown = capsys.readouterr().out
    assert shown.startswith("synapse-3: ")
    assert "\n  results/devices/neuron.nc is not there yet; run snakemake\n" in shown
    (folder / files.DEVICE.format(device="synapse-3")).unlink()
    with pytest.raises(SystemExit, match=r"\.nc is not there; run snakemake to make it"):
        main(["overview", "--directory", str(folder)])


def test_what_failed_is_named_with_the_end_of_its_log(folder, capsys):
    """The first one, which may be the cause of others; also if nothing else is there."""
    failed = files.DEVICE.format(device="neuron")
    (folder / failed).unlink()
    log = folder / files.log_of(failed)
    log.parent.mkdir(parents=True)
    log.write_text("reading\nwallnet: 0.5000.nc is \x1b[2Jtruncated\n\n", encoding="utf-8")
    main(["overview", "--directory", str(folder)])
    text = " ".join(capsys.readouterr().out.split())
    said = (
        "results/devices/neuron.nc was not made, or not yet; results/logs/devices/neuron.log ends:"
        " wallnet: 0.5000.nc is \N{REPLACEMENT CHARACTER}[2Jtruncated"
    )
    assert text.count("results/devices/neuron.nc") == 1
    assert f"Warnings: {said} " in text
    # a trace of a device comes before its dataset
    trace = files.TRACE.format(device="neuron", current="0.4000")
    (folder / files.log_of(trace)).parent.mkdir(parents=True)
    (folder / files.log_of(trace)).touch()
    main(["overview", "--directory", str(folder)])
    text = " ".join(capsys.readouterr().out.split())
    log = files.log_of(trace)
    assert f"Warnings: {trace} was not made, or not yet (and 1 more); {log} is empty " in text
    other = folder / files.DEVICE.format(device="synapse-3")
    other.write_bytes(other.read_bytes()[:-9])
    with pytest.raises(SystemExit, match=r"synapse-3.nc is damaged"):
        main(["overview", "--directory", str(folder)])
    other.unlink()
    with pytest.raises(SystemExit, match=rf"wallnet: {trace} was not made, or not yet"):
        main(["overview", "--directory", str(folder)])
