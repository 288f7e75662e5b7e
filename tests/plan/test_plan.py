"""Planned jobs and their reasons; only the tiny devices are simulated."""

import json
import os
import random
import re
import shlex
import shutil
import time
from pathlib import PurePath

import pytest
from helpers.calibration import CANDIDATE, on_stairs
from helpers.depinning import ASKED
from helpers.intervals import bisected
from helpers.planned import planned_jobs
from helpers.small_campaign import ROOT, TRAINING, Campaign, with_networks, with_revisions
from helpers.transitions import led
from helpers.windows import windowed

from wallnet import files, plan
from wallnet.config.measured import MEASURED
from wallnet.jobs.request import KINDS
from wallnet.plan import listing, requests, work
from wallnet.plan.listing import everything, network_files
from wallnet.plan.requests import Requested
from wallnet.plan.shown import FIGURES
from wallnet.plan.work import study_work
from wallnet.studies import NAMES
from wallnet.validation import CHECKS

pytestmark = pytest.mark.campaign


@pytest.fixture
def finished(finished_devices, tmp_path):
    """Return a copy of the finished tiny campaign, which a test may change."""
    return finished_devices.copied(tmp_path / "campaign")


@pytest.fixture(scope="module")
def planning(finished_devices, tmp_path_factory):
    """Return a copy of which tests change the configuration alone."""
    return finished_devices.copied(tmp_path_factory.mktemp("planning") / "campaign")


def changed(tiny, path, value):
    *parents, last = path.split(".")
    block = tiny
    for key in parents:
        block = block.setdefault(key, {})
    block[last] = value
    return tiny


def test_a_fresh_campaign_plans_one_job_a_device_and_current(campaign):
    planned = campaign.planned("devices")
    assert planned == {
        "initial": 2,
        "run": 8 + 3,
        "minima": 1,
        "gather_devices": 2,
        "compact_model": 2,
        "device_table": 2,
        "devices": 1,
    }


@pytest.mark.parametrize("shift", [-86400 * 365, 86400 * 365])
def test_other_times_cores_and_places_plan_nothing(finished, tmp_path, shift):
    """The clock of another machine, one core, and another checkout."""
    for path in finished.folder.rglob("*"):
        if path.is_file() and ".snakemake" not in path.parts:
            os.utime(path, (time.time() + shift,) * 2)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("Snakefile", "workflow", "profiles"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, moved / name)
    assert finished.planned("devices", root=moved, cores=1) == {}


DOWNSTREAM = {"gather_devices": 1, "compact_model": 1, "device_table": 1, "devices": 1}
TWICE = {"gather_devices": 2, "compact_model": 2, "device_table": 2, "devices": 1}
NEURON = {"initial": 1, "run": 5, **DOWNSTREAM}
SYNAPSE = {"initial": 1, "run": 3 + 3, "minima": 1, **DOWNSTREAM}


# keys that both leave jobs of the other device are changed together
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"devices.synapse.track.notches.diameter": 40e-9}, SYNAPSE),
        (
            {
                "devices.neuron.detector.start": 60e-9,
                "devices.neuron.read_at": 0.3e-9,
                "devices.synapse.material": {"damping": 0.4},
            },
            TWICE | {"run": 3 + 3, "initial": 1},
        ),
        (
            {"devices.synapse.relaxation.longest": 2e-9},
            SYNAPSE | {"initial": None, "minima": None},
        ),
        (
            {
                "devices.neuron.material": {"damping": 0.4},
                "devices.synapse.pulse.current_densities": [0.5e12, 1.5e12, 2e12, 3e12],
            },
            TWICE | {"initial": 1, "run": 5 + 1},
        ),
        (
            {
                "devices.neuron.pulse.duration": 0.5e-9,
                "figures": {"font_size": 9},
                "networks.hidden_neurons": 64,
                "crosscheck": {
                    "engines": {
                        "cases": {"one": {"device": "neuron", "current_density": 0.4e12}},
                    },
                },
            },
            NEURON | {"initial": None},
        ),
    ],
)
def test_a_key_plans_what_it_decides(planning, tiny, changes, expected):
    for path, value in changes.items():
        changed(tiny, path, value)
    planning.configure(tiny)
    assert planning.planned("devices") == {rule: n for rule, n in expected.items() if n}


def test_a_file_with_a_waveform_plans_the_pulses_that_have_it(finished, tiny):
    (finished.folder / "rise.csv").write_text("time (s),share\n0,0\n1e-10,1\n", encoding="utf-8")
    changed(tiny, "devices.neuron.pulse.waveform", "rise.csv")
    finished.configure(tiny)
    assert finished.planned("devices") == {"run": 5, **DOWNSTREAM}


def test_a_sweep_of_any_size_puts_nothing_on_a_command_line(campaign, tiny):
    """All pulses at irregular current densities are planned, and no argument grows."""
    steps = random.Random(1).sample(range(1000, 30_000), 10_000)
    sweep = tiny["devices"]["synapse"]["pulse"]
    del tiny["devices"]["neuron"]
    sweep["current_densities"] = [step * 1e8 for step in steps[:300]]
    campaign.configure(tiny)
    result = campaign.snakemake("--dry-run", "--printshellcmds")
    assert re.search(r"^run +303$", result.stdout, flags=re.MULTILINE)
    # the initial wall takes no time, a pulse 0.6 ns, relaxation 1 ns, of three levels too
    assert "304 simulations of the target all will run: at most 483 ns, " in result.stdout
    commands = re.findall(r"^Shell command: (.*wallnet .+)$", result.stdout, re.MULTILINE)
    assert len(commands) > 300
    fed = 0
    for command in commands:
        argument, _, text = command.partition(" <<< ")
        assert len(argument) < 2000, argument[:200]
        fed += len(text) > 5_000
    assert fed == 2  # device and table of parameters read it from standard input
    # Linux accepts at most 128 KiB in one argument; Snakemake writes a longer command to a file
    sweep["current_densities"] = [step * 1e8 for step in steps]
    campaign.configure(tiny)
    campaign.snakemake("results/tables/parameters.csv")
    table = (campaign.folder / "results/tables/parameters.csv").read_text()
    assert len(table) > 50_000


def test_an_override_on_the_command_line_holds(finished):
    override = ["--config", "material={'damping': 0.4}"]
    planned = finished.planned("devices", *override)
    assert (planned["run"], planned["gather_devices"]) == (8 + 3, 2)


def test_a_revision_plans_its_stage_and_a_version_plans_nothing(finished):
    code = with_revisions(devices=1, networks=1, oommf=1)
    code += "import numpy, wallnet; numpy.__version__ = wallnet.__version__ = '99.0'"
    planned = finished.planned("devices", code=code)
    tables = {"device_table": 2, "devices": 1}
    assert planned == {"gather_devices": 2, "compact_model": 2} | tables


def test_deleted_and_changed_files_plan_themselves_and_what_reads_them(finished):
    deleted = finished.folder / "results/traces/neuron/0.4000.nc"
    content = deleted.read_bytes()
    deleted.unlink()
    # the gathered device exists and is up to date: nothing is needed
    assert finished.planned("devices") == {}
    assert finished.planned("traces")["run"] == 1
    deleted.write_bytes(content[:-1])
    assert finished.planned("devices") == {"run": 1, **DOWNSTREAM}
    # if a file is the target, which a dry run keeps, it shows only the latter
    assert finished.planned("results/devices/neuron.nc") == {"gather_devices": 1}
    deleted.write_bytes(content)
    (finished.folder / "results/devices/neuron.nc").unlink()
    (finished.folder / "results/tables/devices/neuron.html").unlink()
    assert finished.planned("devices") == DOWNSTREAM


def test_bad_input_ends_before_any_job(campaign, tiny):
    campaign.configure(changed(tiny, "devices.neuron.calculator", "mumax"))
    path = campaign.folder / "config.yaml"
    text = path.read_text()
    start = text.index("  neuron:\n")
    for content, words in (
        (text, "devices.neuron.calculator is 'mumax'; use 'film'"),
        (
            text[:start] + "  neuron: {kind: track}\n" + text[start:],
            "neuron occurs twice in one block",
        ),
    ):
        path.write_text(content)
        refused = campaign.snakemake("devices", check=False)
        assert refused.returncode != 0
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not (campaign.folder / "results").exists()


def test_the_linter_misses_only_software_definitions(campaign):
    lint = campaign.snakemake("--lint", check=False)
    findings = re.findall(r"^ {4}\* ([^\n:]+)", lint.stdout + lint.stderr, flags=re.MULTILINE)
    assert findings
    assert set(findings) == {"Specify a conda environment or container for each rule."}


# Every job that Snakemake plans for a campaign with all kinds of results


def with_everything():
    """Return a campaign of two neurons, two synapses, a track, two data sets and two seeds.

    Of its two recipes the first has all stages. The second trains further as in the paper only,
    with one of two mappings.
    """
    data = with_networks()
    devices, networks = data["devices"], data["networks"]
    devices["other"] = {"like": "neuron", "wall": {"start": 44e-9}, "shown": [0.4e12, 0.6e12]}
    devices["wide"] = {
        "like": "synapse",
        "calculator": "oommf",
        "oommf": {"threads": 3},
        "track": {"notches": {"count": 2}},
        "pulse": {"current_densities": [0.5e12, -0.25e12]},
        "shown": [-0.25e12],
    }
    devices["plain"] = {"like": "synapse", "kind": "track", "shown": [1.5e12]}
    networks["own_datasets"]["dots"] = {"folder": "Dots/raw"}
    networks |= {
        "datasets": ["blots", "dots"],
        "neuron": "other",
        "neuron_reading": "series",
        "synapses": ["synapse", "wide"],
        "mappings": ["layer", "layer-extended"],
        "compared": ["row-extended", "signed-3sd", "layer"],
        "seeds": [3, 11],
        "table_ii": {"wide": 5},
        "written_by": {"synapse": "stairs"},
        "threads": 2,
    }
    networks["recipes"]["brief"] = {
        "fp32": {**TRAINING},
        "fine_tuned": TRAINING | {"mappings": ["layer-extended"]},
    }
    case = {"device": "wide", "current_density": 0.6e12, "changes": {"material": {"damping": 0.1}}}
    slow = {"device": "neuron", "current_density": 0.4e12}
    data["crosscheck"] = {"engines": {"cases": {"slow": slow, "quick": case}}}
    data["figures"] = {"vector_format": "svg"}
    pulse = {"current_density": 0.7e12, "duration": 1e-9}
    data["pulse_trains"] = {"stairs": {"device": "wide", "pulses": [pulse]}}
    return data


def level(parallel, series, half=False, stable=True):
    conductance = {"parallel": parallel, "series": series}
    return {
        "conductance": conductance,
        "half": half,
        "stable": stable,
        "reachable": True,
    }


MODELS = {
    "synapse": [level(0.0, 0.0), level(0.4, 0.2, half=True), level(0.5, 0.3), level(1.0, 1.0)],
    "wide": [level(0.0, 0.0), level(0.7, 0.6, stable=False), level(0.9, 0.8, half=True)],
}


RAISED = {
    "film": 100,
    "oommf": 200,
    "simulate": 250,
    "devices": 300,
    "networks": 400,
    "report": 500,
    "validation": 600,
    **{name: 700 + 10 * number for number, name in enumerate(NAMES)},
    **{f"show {name}": 1700 + 10 * number for number, name in enumerate(NAMES)},
}

TARGETS = (
    *("all", "traces", "devices", "networks", "figures"),
    *("crosscheck", "validation", "mappings", "barriers", "levels"),
)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Return all planned jobs."""
    folder = tmp_path_factory.mktemp("shown")
    Campaign(folder).configure(with_everything())
    for name, levels in MODELS.items():
        files.write_json(
            {"kind": "synapse", "levels": levels}, folder / f"results/compact_models/{name}.json"
        )
    curve = {"breaks": [0.0, 1.0]}
    for name, first in {"neuron": 0.7, "other": 0.1}.items():
        activation = {
            "parallel": {**curve, "coefficients": [[first, 1, 2, 3, 4]], "fault": ""},
            "series": {**curve, "coefficients": [[first, 5, 6, 7, 8]], "fault": "not monotonic"},
        }
        files.write_json(
            {"kind": "neuron", "activation": activation},
            folder / f"results/compact_models/{name}.json",
        )
    return planned_jobs(folder, TARGETS, with_revisions(**RAISED))


def of_rule(jobs, *names):
    chosen = [job for job in jobs if job["rule"] in names]
    assert chosen
    return chosen


def words_of(job):
    """Return the words of a command; NAME=PATH becomes the option --NAME and the path."""
    words = []
    for word in shlex.split(job["command"]):
        name, path = re.fullmatch(r"(?:([a-z_]+)=)?(.*)", word, re.S).groups()
        words += [f"--{name}", path] if name else [path]
    return words


TRAININGS = ("train", "train_on", "map")
ON_DEVICES = ("train", "map", "compare_mappings")
SIMULATIONS = ("initial", "run")


def calculator_of(job):
    """Return the calculator of a simulation; only the device `wide` uses OOMMF."""
    names = job["wildcards"]["result"].split("/")
    # the pulse train `stairs` is on this device; a case of the cross-check names its calculator
    return "oommf" if {"wide", "stairs", "oommf"} & {*names} else "film"


def test_a_revision_is_a_parameter_of_the_jobs_of_its_stage_and_of_no_others(jobs):
    """Each job has the revision of the code that it runs; Snakemake sees no other."""
    table = json.loads((ROOT / "src/wallnet/revisions.json").read_text())
    now = {stage: table[stage]["revision"] + rise for stage, rise in RAISED.items()}
    stages = {
        "devices": {"gather_devices", "compact_model"},
        "networks": {"data", "train", "train_on", "map", "compare_mappings"},
    }
    stages |= {"barriers": {"gather_barriers"}, "show barriers": {"show_barriers"}}
    stages |= {"pulse_trains": ["gather_pulse_trains"], "show pulse_trains": ["show_pulse_trains"]}
    expected = {rule: now[stage] for stage, rules in stages.items() for rule in rules}
    plain = {job["rule"] for job in jobs if job["rule"].startswith("figure_")}
    plain |= {"parameters", "accuracy", "validation_table", "device_table", "mapping_table"}
    expected |= {rule: [now["report"]] for rule in plain}
    # these show what studies hand over
    expected["level_report"] = [now["report"], now["show barriers"]]
    expected["programming_table"] = [now["report"], now["show pulse_trains"]]
    expected["summary"] = [now["report"], *(now[f"show {name}"] for name in NAMES)]
    # a check runs the engine and the code that compares
    expected["validation_check"] = [now["film"], now["validation"]]
    # these use the engine whatever calculator a device has
    expected |= dict.fromkeys(("minima", "barrier"), now["film"])
    expected["gather_crosscheck"] = now["crosscheck"]
    expected["show_crosscheck"] = now["show crosscheck"]
    simulations = [job for job in jobs if job["rule"] in SIMULATIONS]
    rest = [job for job in jobs if job["rule"] not in SIMULATIONS]
    revisions = {job["rule"]: job["params"].get("revision") for job in rest if job["command"]}
    assert revisions == expected
    for job in rest:
        assert job["params"].get("revision") == expected.get(job["rule"]), job["output"]
    for job in simulations:
        assert job["params"]["revision"] == now[calculator_of(job)], job["output"]


def test_a_job_that_starts_from_a_state_is_told_which(jobs):
    """That the job waits for these files does not show this."""
    for job in of_rule(jobs, *KINDS):
        starts = behind("--after", job) if "--after" in words_of(job) else []
        assert starts == job["input"], job["output"]


def test_a_job_is_told_of_all_that_it_waits_for_and_makes(jobs):
    """Every input and parameter is used, and the job waits for everything that it reads."""
    for job in jobs:
        if not job["command"]:
            continue
        words, rule = words_of(job), job["rule"]
        if rule.startswith("gather_"):  # the paths are in the job
            requests = json.loads(job["params"]["job"])["requests"]
            words += [request["shared"]["path"] for request in requests]
        assert set(job["log"]) <= set(words), rule
        # jobs of networks write below a folder, with names that the plan gives them
        assert rule in TRAININGS or {*job["output"]} <= set(words), rule
        for path in {*job["input"], *job["output"]}:
            if rule == "programming_table" and path.startswith("results/compact_models/"):
                continue  # it only waits: networks may have to be mapped again first
            mentions = {path, *map(str, PurePath(path).parents)} & set(words)
            assert mentions or f'"{path}"' in job["params"]["job"], (rule, path)
        # these show that code or the content of a file has changed
        unsaid = {"revision"} | ({"levels", "activation"} if rule in ON_DEVICES else set())
        for name, value in job["params"].items():
            values = map(str, value if isinstance(value, list) else [value])
            said = {*words, *shlex.split(job["command"])} | {w.removeprefix("--") for w in words}
            assert name in unsaid or set(values) <= said, (rule, name)
        declared = {*job["input"], *job["output"], *job["log"]}
        for value in job["params"].values():
            declared |= {
                word.partition("=")[2] or word
                for word in map(str, [value] if not isinstance(value, list) else value)
            }
        assert {word for word in words if word.startswith("results/")} <= declared, rule


OPTIONS = {
    "--traces": r"results/traces/[a-z]+",
    "--barriers": r"results/barriers/[a-z]+\.nc",
    "--crosscheck": r"results/crosscheck/engines\.nc",
    "--device": r"results/devices/[a-z]+\.nc",
    "--devices": r"results/devices|-",
    "--pulse_trains": r"results/pulse_trains(/stairs\.nc)?",
    "--networks": r"results/networks",
    "--models": r"results/compact_models",
    "--data": r"results/data/[a-z]+\.json",
    "--neuron": r"results/(compact_models/other\.json|devices/(neuron|other)\.nc)",
    "--synapse": r"results/(compact_models/(synapse|wide)\.json|devices/(synapse|wide)\.nc)",
    "--metrics": r"results/networks/.*/metrics\.json",
    "--table": r"results/tables/accuracy\.csv",
    "--start": r"results/networks/[a-z]+/none/none/none/plain/fp32/seed-\d+/best\.ckpt",
    "--results": r"results/validation/.*\.json",
    "--comparisons": r"results/mappings/[a-z]+/(synapse|wide)/[a-z]+/seed-\d+\.json",
    "--references": r"results/networks/[a-z]+/none/none/none/.*/metrics\.json",
    "--csv": r"results/tables/(?!accuracy-).*\.csv",
    "--gaps": r"results/tables/accuracy-gaps\.csv",
    "--markdown": r"results/tables/.*\.md",
    "--folder": r"\.",
    "--html": r"results/(tables/.*|summary)\.html",
    "--png": r"results/figures/.*\.png",
    "--vector": r"results/figures/.*\.svg",
}
"""Values of the options of the commands."""


def test_files_stand_behind_the_options_that_they_belong_to(jobs):
    used = set()
    for job in jobs:
        option = None
        for word in words_of(job) if job["command"] else ():
            if word.startswith("--"):
                option = word
            elif word in (">", "2>", "<<<", "|"):
                option = None
            elif option in OPTIONS:
                used.add(option)
                assert re.fullmatch(OPTIONS[option], word), (job["rule"], option, word)
    assert used == set(OPTIONS)


FREE = "results/networks/{dataset}/none/none/none/{recipe}/fp32/seed-{seed}/"
MAPPED = ("quantized", "fine_tuned", "fine_tuned_snapped", "on_levels")
DEVICE_FILE = "results/devices/{device}.nc"
SWEPT = {
    "neuron": ["0.2000", "0.4000", "0.6000", "0.8000", "1.0000"],
    "other": ["0.2000", "0.4000", "0.6000", "0.8000", "1.0000"],
    "synapse": ["0.5000", "1.5000", "3.0000"],
    "wide": ["-0.2500", "0.5000"],
    "plain": ["0.5000", "1.5000", "3.0000"],
}
LEVEL_STATES = {"synapse": ["1", "1-2", "2"], "wide": ["1"]}


def metrics(dataset, device, stages, seed=3, readings=("parallel", "series"), mapping="layer"):
    """Return the metrics of the recipe `plain` on a synapse, after that of the free network."""
    place = (
        f"results/networks/{dataset}/{device}/{{}}/{mapping}/plain/{{}}/seed-{seed}/metrics.json"
    )
    return [
        (FREE + "metrics.json").format(dataset=dataset, recipe="plain", seed=seed),
        *(place.format(reading, stage) for reading in readings for stage in stages),
    ]


def every_metrics(dataset, devices, seed=3, mappings=("layer", "layer-extended")):
    """Return the metrics of both recipes in all readings, with free weights and on synapses."""
    free = f"results/networks/{dataset}/none/none/none/{{}}/{{}}/seed-{seed}/metrics.json"
    bound = f"results/networks/{dataset}/{{}}/{{}}/{{}}/{{}}/{{}}/seed-{seed}/metrics.json"
    stages = {
        ("plain", "layer"): MAPPED,
        ("plain", "layer-extended"): MAPPED,
        ("brief", "layer"): MAPPED[:1],
        ("brief", "layer-extended"): MAPPED[:3],
    }
    return {
        recipe: [
            *(free.format(recipe, stage) for stage in without),
            *(
                bound.format(device, reading, mapping, recipe, stage)
                for device in devices
                for reading in ("parallel", "series")
                for mapping in mappings
                for stage in stages[recipe, mapping]
            ),
        ]
        for recipe, without in {"plain": ("fp32", "continued"), "brief": ("fp32",)}.items()
    }


BARRIER_PATHS = {
    "synapse": [
        f"results/barriers/synapse/{pair}.nc"
        for pair in ("expelled_1", "1_2", "1_1-2", "1-2_2", "2_reversed")
    ],
    "wide": [f"results/barriers/wide/{pair}.nc" for pair in ("expelled_1", "1_reversed")],
}


def expected_start(result):
    """Return the files from which a computation of a device starts, listed by hand."""
    folder, device, *_ = result.split("/")
    if folder == "traces":
        return [f"results/initial/{device}.nc"]
    if folder == "pulse_trains":
        return ["results/initial/wide.nc"]
    if folder == "barriers":
        return [f"results/minima/{device}.nc"]
    assert folder in ("initial", "levels", "minima", "crosscheck")
    return []


def expected_input(job):
    """Return the input of a job, listed by hand."""
    rule, wildcards = job["rule"], job["wildcards"]
    if rule in KINDS:
        return expected_start(wildcards["result"])
    device, dataset = wildcards.get("device", wildcards.get("subject")), wildcards.get("dataset")
    one = [DEVICE_FILE.format(device=device)]
    traces = [f"results/traces/{device}/{current}.nc" for current in SWEPT.get(device, ())]
    levels = [f"results/levels/{device}/{state}.nc" for state in LEVEL_STATES.get(device, ())]
    minima = [f"results/minima/{device}.nc"]
    if rule == "gather_devices":
        initial = f"results/initial/{device}.nc"
        # a track without levels has notches, too
        return [initial, *traces, *levels, *(minima if levels or device == "plain" else [])]
    if rule == "gather_barriers":
        return [*minima, *BARRIER_PATHS[device]]
    if rule == "show_barriers":
        return [f"results/barriers/{device}.nc"]
    if rule == "level_report":
        return [*one, f"results/barriers/{device}.nc"]
    if rule in ("compact_model", "device_table"):
        return one
    if rule == "gather_pulse_trains":
        return ["results/pulse_trains/stairs/train.nc", "results/minima/wide.nc"]
    if rule == "show_pulse_trains":
        return ["results/pulse_trains/stairs.nc"]
    if rule == "train":
        return [f"results/data/{dataset}.json", "results/compact_models/other.json"]
    if rule == "train_on":
        return [f"results/data/{dataset}.json", (FREE + "best.ckpt").format(**wildcards)]
    if rule in ("map", "compare_mappings"):
        starts = [(FREE + "best.ckpt").format(recipe=r, **wildcards) for r in ("plain", "brief")]
        return [f"results/data/{dataset}.json", f"results/compact_models/{device}.json", *starts]
    if rule in ("figure_magnetization", "figure_dynamics"):
        return [*one, *traces]
    if rule in (
        *("figure_transfer_curve", "figure_conductance", "figure_wall_position"),
        "figure_write_energy",
    ):
        return one
    if rule == "figure_synapses_compared":
        return ["results/devices/synapse.nc", "results/devices/wide.nc"]
    if rule == "figure_accuracy":
        return ["results/tables/accuracy.csv"]
    if rule == "figure_training_curves":
        return [
            (FREE + "metrics.json").format(dataset=d, recipe=r, seed=3)
            for d in ("blots", "dots")
            for r in ("plain", "brief")
        ]
    if rule == "figure_misread":
        return metrics(dataset, None, ())
    if rule == "figure_weights":
        # of each recipe the mapping with the most stages
        plain = every_metrics(dataset, [device], mappings=["layer"])["plain"]
        return plain + every_metrics(dataset, [device], mappings=["layer-extended"])["brief"]
    if rule == "figure_confusion":
        return metrics(dataset, device, MAPPED[:2])
    models = [f"results/compact_models/{name}.json" for name in ("synapse", "wide")]
    if rule == "accuracy":
        every = [
            path
            for dataset in ("blots", "dots")
            for recipe in ("plain", "brief")
            for seed in (3, 11)
            for path in every_metrics(dataset, ["synapse", "wide"], seed)[recipe]
        ]
        return every + models
    if rule == "programming_table":
        programmed = [
            path.replace("metrics.json", "programming.nc")
            for dataset in ("blots", "dots")
            for recipe in ("plain", "brief")
            for seed in (3, 11)
            for path in every_metrics(dataset, ["synapse", "wide"], seed)[recipe]
            if path.split("/")[7] in ("quantized", "fine_tuned_snapped", "on_levels")
        ]
        devices = [DEVICE_FILE.format(device=name) for name in ("synapse", "wide")]
        return [*programmed, *devices, "results/pulse_trains/stairs.nc", *models]
    if rule == "mapping_table":
        places = [
            (d, r, s) for d in ("synapse", "wide") for r in ("parallel", "series") for s in (3, 11)
        ]
        compared = [
            f"results/mappings/{dataset}/{place}/{reading}/seed-{seed}.json"
            for dataset in ("blots", "dots")
            for place, reading, seed in places
        ]
        free = [
            path
            for dataset in ("blots", "dots")
            for recipe in ("plain", "brief")
            for seed in (3, 11)
            for path in every_metrics(dataset, [], seed)[recipe]
        ]
        return compared + free
    if rule == "summary":
        shown = [
            *("results/figures/devices/synapse-conductance", "results/figures/accuracy"),
            "results/figures/pulse_trains/stairs-response",
        ]
        return [
            *(DEVICE_FILE.format(device=name) for name in SWEPT),
            *("results/pulse_trains/stairs.nc", *models),
            *(f"{path}.png" for path in shown),
            "results/tables/accuracy.csv",
        ]
    if rule == "gather_crosscheck":
        cases = [(case, engine) for case in ("slow", "quick") for engine in ("film", "oommf")]
        paths = [f"results/crosscheck/engines/{case}/{engine}.nc" for case, engine in cases]
        # the neuron has no notches
        return [*paths, "results/crosscheck/engines/quick/minima.nc"]
    if rule == "show_crosscheck":
        return ["results/crosscheck/engines.nc"]
    return []


def test_a_job_waits_for_all_that_it_is_made_of(jobs):
    """A file that it does not wait for can change without a new run of the job."""
    for job in jobs:
        if job["command"] and job["rule"] != "validation_table":
            inputs, expected = job["input"], expected_input(job)
            if job["rule"] == "summary":  # the order of what the page shows does not matter
                inputs, expected = sorted(inputs), sorted(expected)
            assert inputs == expected, job["output"]
    (table,) = of_rule(jobs, "validation_table")
    checks = [path for job in of_rule(jobs, "validation_check") for path in job["output"]]
    assert sorted(table["input"]) == sorted(checks)
    assert len(checks) > 8


def test_only_the_age_of_compact_models_does_not_count(jobs):
    """Their relevant content is a parameter of the same job."""
    for job in jobs:
        old = [path for path in job["input"] if path.startswith("results/compact_models/")]
        assert job["ancient"] == (old if job["rule"] in ON_DEVICES else []), job["rule"]


def test_a_network_is_planned_anew_once_the_levels_are_known(jobs):
    """After a checkpoint Snakemake plans again, with the levels that the run has computed."""
    assert {job["rule"] for job in jobs if job["checkpoint"]} == {"compact_model"}


def test_a_mapping_is_planned_by_the_levels_of_its_own_synapse_reading_and_level_set(jobs):
    """One job has the levels of each of its mappings, `layer` and `layer-extended`."""
    levels = {
        ("synapse", "parallel"): [[[0.0, 0.5, 1.0], 3], [[0.0, 0.4, 0.5, 1.0], 3]],
        ("synapse", "series"): [[[0.0, 0.3, 1.0], 3], [[0.0, 0.2, 0.3, 1.0], 3]],
        ("wide", "parallel"): [[[0.0], 2], [[0.0, 0.9], 2]],
        ("wide", "series"): [[[0.0], 2], [[0.0, 0.8], 2]],
    }
    for rule in ("map", "compare_mappings"):
        mapping_jobs = of_rule(jobs, rule)
        assert len(mapping_jobs) == 2 * 2 * 4
        for job in mapping_jobs:
            key = tuple(job["wildcards"][name] for name in ("device", "reading"))
            # the first of the compared mappings uses the extended levels
            expected = levels[key] if rule == "map" else levels[key][::-1]
            assert [json.loads(text) for text in job["params"]["levels"]] == expected, key


def test_a_training_is_planned_by_the_activation_of_the_networks_neuron(jobs):
    for job in of_rule(jobs, "train"):
        curve = [[0.0, 1.0], [[0.1, 5, 6, 7, 8]]]
        assert json.loads(job["params"]["activation"]) == [curve, "not monotonic"]


def test_a_level_is_placed_at_its_own_notches(jobs):
    # three pairs on 360 nm, the last at the right edge; two on the same length
    places = {"1": (120e-9, 120e-9), "1-2": (120e-9, 240e-9), "2": (240e-9, 240e-9)}
    levels = [run for run in of_rule(jobs, "run") if "levels/" in run["wildcards"]["result"]]
    assert len(levels) > 3
    for job in levels:
        parameters = json.loads(job["params"]["job"])
        _, device, state = job["wildcards"]["result"].split("/")
        bottom, top = (180e-9, 180e-9) if device == "wide" else places[state]
        assert parameters["placement"]["bottom"] == pytest.approx(bottom, rel=1e-9, abs=0)
        assert parameters["placement"]["top"] == pytest.approx(top, rel=1e-9, abs=0)
        assert [*parameters["steps"][0]] == ["pause"]


def test_a_case_of_the_crosscheck_goes_to_both_calculators(jobs):
    traces = {job["wildcards"]["result"]: job["params"]["job"] for job in of_rule(jobs, "run")}
    for calculator in ("film", "oommf"):
        cases = {
            case: json.loads(traces[f"crosscheck/engines/{case}/{calculator}"])
            for case in ("slow", "quick")
        }
        names = {name: job["calculator_name"] for name, job in cases.items()}
        assert names == dict.fromkeys(("slow", "quick"), calculator)
        assert cases["slow"]["steps"][0]["current_density"] == pytest.approx(
            0.4e12, rel=1e-12, abs=0
        )
        assert cases["quick"]["steps"][0]["current_density"] == pytest.approx(
            0.6e12, rel=1e-12, abs=0
        )
        assert [cases[name]["material"]["damping"] for name in ("slow", "quick")] == [0.5, 0.1]


def behind(option, job):
    """Return the words after an option in a job's command."""
    words = words_of(job)
    first = words.index(option) + 1
    last = next(k for k in range(first, len(words)) if words[k].startswith(("--", ">")))
    return words[first:last]


def test_a_figure_is_told_of_itself_and_not_of_the_last_in_the_table(jobs):
    """Its rule is created in a loop, and Snakemake calls functions after the loop."""
    drawn = [job for job in jobs if job["rule"].startswith("figure_")]
    assert {job["rule"] for job in drawn} == {
        # the campaign has no measured device
        f"figure_{name.replace('-', '_')}"
        for name, figure in FIGURES.items()
        if figure.kind != MEASURED
    }
    # the function that runs reads the command again: its text must be the same in all rules
    assert len({job["template"] for job in drawn}) == 1
    for job in drawn:
        name = job["rule"].removeprefix("figure_").replace("_", "-")
        of_network = job["rule"] in NETWORK_FIGURES
        module = "report.networks" if of_network else "devices.figures"
        assert words_of(job)[:3] == ["wallnet", "show", module]
        assert json.loads(job["params"]["job"])["figure"] == name
        assert all(name in path for path in job["output"])
        sources = [path for path in job["input"] if not path.startswith("results/traces/")]
        if job["rule"] in ("figure_magnetization", "figure_dynamics"):
            sources.append(f"results/traces/{job['wildcards']['device']}")
        words = words_of(job)
        arguments = words[words.index("--sources") + 1 : words.index("--job")]
        assert arguments[1::2] == sources
        if not of_network:
            assert {*arguments[::2]} - {"--traces"} == {f"--{FIGURES[name].kind}"}


NETWORK_FIGURES = {f"figure_{name}" for name in ("accuracy", "misread", "weights", "confusion")} | {
    "figure_training_curves"
}


def test_a_figure_shows_the_pulses_of_its_own_device(jobs):
    """Figures of accuracies show the rows of the paper that correspond to a synapse."""
    pulses = {"other": [4e11, 6e11], "wide": [-2.5e11], "plain": [1.5e12]}
    rules = ("figure_magnetization", "figure_dynamics", "figure_wall_position")
    for job in of_rule(jobs, *rules):
        options = json.loads(job["params"]["job"])
        assert (options["shown"], options["paper"]) == (
            pulses.get(job["wildcards"]["device"], []),
            [],
        )
    for job in of_rule(jobs, "figure_accuracy", "figure_training_curves"):
        options = json.loads(job["params"]["job"])
        assert (options["shown"], options["paper"]) == ([], [5])
    for job in jobs:
        drawn = ("show_crosscheck", "validation_table", "mapping_table")
        if job["rule"].startswith("figure_") or job["rule"] in drawn:
            style = job["params"].get("figures") or behind("--figures", job)[0]
            assert json.loads(style)["vector_format"] == "svg", job["rule"]


def test_only_oommf_and_networks_take_the_threads_that_they_are_given(jobs):
    for job in jobs:
        expected = 2 if job["rule"] in (*TRAININGS, "compare_mappings") else 1
        if job["rule"] in KINDS:
            place = job["wildcards"]["result"]
            if job["rule"] in SIMULATIONS and calculator_of(job) == "oommf" and "slow" not in place:
                expected = 3
            if job["rule"] in SIMULATIONS:
                assert job["command"].startswith(f"OOMMF_THREADS={expected} wallnet simulate ")
        assert job["threads"] == expected, job["output"]


def test_only_oommf_has_an_environment_of_its_own(jobs):
    """The environment is used to check before the first job whether OOMMF runs."""
    for job in jobs:
        needed = job["rule"] in SIMULATIONS and calculator_of(job) == "oommf"
        assert job["environment"] == ("oommf.yaml" if needed else None), job["output"]


def of_run(job, memory, runtime):
    """Return memory and time of a run: 4 MB for each step, and the time of 16 at most.

    Of a block, the steps of all runs count.
    """
    run = json.loads(job["params"]["job"])
    rows = [row | run["shared"] for row in run["rows"]] if "rows" in run else [run]
    steps = sum(step.get("repetitions", 1) for row in rows for step in row.get("steps", ()))
    return [memory + 4 * steps, runtime * min(max(steps, 1), 16)]


def test_oommf_asks_for_memory_and_time_of_its_own(jobs):
    amounts = {"film": (900, 15), "oommf": (1100, 120)}
    resources = {rule: [1500, 30] for rule in TRAININGS} | {"validation_check": [1000, 15]}
    resources |= {"compare_mappings": [1500, 60]}
    # these use the engine whatever calculator a device has
    resources |= {"minima": [800, 30], "barrier": [1500, 60]}
    for job in jobs:
        rule = job["rule"]
        if rule in SIMULATIONS or rule in resources:
            expected = resources.get(rule) or of_run(job, *amounts[calculator_of(job)])
            assert job["resources"] == expected, job["output"]


def test_a_job_writes_its_log_and_benchmark_where_its_first_result_is(jobs):
    """Those of a job that maps several networks are in the folder of its synapse and reading."""
    for job in jobs:
        if job["command"]:
            stem = job["output"][0].removeprefix("results/").rpartition(".")[0]
            if job["rule"] == "map":
                stem = "networks/{dataset}/{device}/{reading}/seed-{seed}".format(
                    **job["wildcards"]
                )
            assert job["log"] == [f"results/logs/{stem}.log"]
            assert job["benchmark"] == f"results/benchmarks/{stem}.tsv"
    logs = [path for job in jobs for path in job["log"]]
    assert len(logs) == len(set(logs))


def test_the_targets_ask_for_every_file_of_their_kind(jobs):
    """Counted by hand.

    There are 30 of simulations, 24 of devices, 7 of pulse trains, 561 of networks, 24 figures in
    two files each, and the summary. The four figures of weights are not part of `all`.

    With 2 synapses in 2 readings, the recipe `plain` has 2 free networks and 2 · 4 on levels, 2 · 3
    of them with a programming. The recipe `brief` has 1, 1 + 3, and 1 + 2.
    """
    inputs = {job["rule"]: job["input"] for job in jobs if job["rule"] in TARGETS}
    counts = {name: len(set(paths)) for name, paths in inputs.items()}
    assert counts == {
        "traces": 5 + 18 + 4 + 3,
        "devices": 5 + 4 + 5 * 3,
        "networks": 2 + 2 * 2 * (2 * (2 + 1) + 2 * 2 * (2 * (8 + 4) + 6 + 3)) + 4 + 3,
        "figures": 2 * (2 + 2 + 2 + 2 + 2 + 1 + 1 + 2 + 2 * (1 + 2 + 2)),
        "all": 30 + 24 + 7 + 2 + 561 + 20 * 2 + 2,
        "crosscheck": 2 * 2 + 1 + 1 + 3 + 2,
        "validation": len(CHECKS) + 2 + 2,
        "mappings": 2 * 2 * 2 * 2 + 2 + 2,
        "barriers": 5 + 2 + 1 + 1 + 2 * (1 + 3 + 2),
        "levels": 2 * 3,
    }


def test_the_plan_of_the_package_is_that_of_the_rules(jobs):
    """`wallnet clean` uses it to keep the outputs of the rules, including checks, not in `all`."""
    campaign = plan.parse(with_everything())
    made = {path for job in jobs for path in job["output"]}
    assert {*everything(campaign), *listing.checks(campaign)} == made


def test_the_work_of_all_is_that_of_the_jobs_of_all(tmp_path):
    """Without the optional device, and with the barriers that tell which levels are kept."""
    data = with_everything()
    data["devices"]["plain"]["optional"] = True
    data["networks"]["mappings"] = ["layer", "layer-kept"]
    data["networks"]["recipes"]["brief"]["fine_tuned"]["mappings"] = ["layer"]
    Campaign(tmp_path).configure(data)
    paths = {path for job in planned_jobs(tmp_path, ["all"]) for path in job["output"]}
    campaign = plan.parse(data)
    requested = Requested(campaign)
    counted = {path for path in {*requested} & paths if "/minima/" not in path}
    assert {path.split("/")[1] for path in counted} == {
        *("initial", "traces", "levels", "pulse_trains", "barriers")
    }
    work_of_all = work.work_of_all(requested, everything(campaign))
    assert sorted(request.path for _, request in work_of_all) == sorted(counted)
    networks = work.network_times(campaign)
    assert {*networks} == {path for path in paths if path.endswith("metrics.json")}


def test_a_campaign_without_recipes_asks_for_nothing_of_networks(tiny):
    """This holds although its data sets have names."""
    tiny["networks"] = {"datasets": ["mnist"], "recipes": {}}
    campaign = plan.parse(tiny)
    assert network_files(campaign) == []
    assert not [path for path in everything(campaign) if "network" in path or "mnist" in path]


# Targets whose jobs follow from finished rounds

ROUNDS = {
    "operating_windows": {
        "gather_operating_windows": "operating_windows",
        "show_operating_windows": "show operating_windows",
    },
    "intervals": {
        "round": "intervals",
        "gather_intervals": "intervals",
        "show_intervals": "show intervals",
    },
    "transitions": {
        "gather_transitions": "transitions",
        "show_transitions": "show transitions",
    },
    "depinning": {"gather_depinning": "depinning", "show_depinning": "show depinning"},
    "calibration": {
        "gather_calibration": "calibration",
        "show_calibration": "show calibration",
    },
    # pulses that a round asked for
    "results/intervals/stairs/0.9000.nc": {},
    "results/depinning/stairs/single-notch-2/1.7500.nc": {},
    "results/depinning/stairs/notch-3/1.7500.nc": {},
}
"""Rules of each target, except simulations, with the stage of their revision."""


@pytest.fixture(scope="module")
def of_rounds(tmp_path_factory):
    """Return the jobs of `ROUNDS`, with a device that OOMMF simulates."""
    folder = tmp_path_factory.mktemp("rounds")
    data = bisected() | {
        "operating_windows": windowed()["operating_windows"],
        "transitions": led()["transitions"],
        "depinning": {"stairs": ASKED},
        **on_stairs(),
    }
    data["devices"]["stairs"] |= {"calculator": "oommf", "oommf": {"threads": 3}}
    Campaign(folder).configure(data)
    candidates = [CANDIDATE | {"pulse_duration": duration} for duration in (0.4e-9, 0.7e-9)]
    depinned = [["single-notch", 2, 1.75e12], ["notch", 3, 1.75e12]]
    for path, content in {
        "calibration/paper": {"asked": candidates},
        "depinning/stairs": {"asked": depinned},
        "intervals/stairs": {"asked": [0.9e12]},
    }.items():
        files.write_json(content, folder / f"results/{path}/round-1.json")
    return planned_jobs(folder, ROUNDS, with_revisions(**RAISED))


def test_jobs_of_rounds_have_the_revision_threads_and_resources_of_their_kind(of_rounds):
    table = json.loads((ROOT / "src/wallnet/revisions.json").read_text())
    now = {stage: table[stage]["revision"] + rise for stage, rise in RAISED.items()}
    stages = {rule: stage for rules in ROUNDS.values() for rule, stage in rules.items()}
    assert set(stages) <= {job["rule"] for job in of_rounds}
    simulated = set()
    for job in of_rounds:
        rule, place = job["rule"], (job["threads"], job["environment"])
        if rule in SIMULATIONS:
            simulated.add((rule, job["wildcards"]["result"].split("/")[0]))
            assert job["params"]["revision"] == now["oommf"], rule
            assert place == (3, "oommf.yaml"), rule
            assert job["resources"] == of_run(job, 1100, 120), rule
            assert job["command"].startswith("OOMMF_THREADS=3 wallnet "), rule
        elif rule in stages:
            # one rule makes the rounds of all studies
            stage = job["wildcards"].get("study", stages[rule])
            assert job["params"]["revision"] == now[stage], rule
            assert place == (1, None), rule
    traced = ("traces", "levels", "transitions", "intervals", "depinning", "calibration")
    assert simulated == {
        *(
            ("initial", "initial"),
            ("initial", "operating_windows"),
            ("run", "operating_windows"),
        ),
        *(("run", place) for place in traced),
    }


def test_a_pulse_of_a_round_is_that_of_its_own_wall_or_candidate(of_rounds):
    """Its notch, its current and what it starts from; the sweep has pulses of 1.5 ns."""
    traces = {job["wildcards"]["result"]: job for job in of_rule(of_rounds, "run")}
    places = {
        "intervals/stairs/0.9000": (0.9e12, 1.5e-9, 40e-9, 3, ["initial/stairs"]),
        "depinning/stairs/single-notch-2/1.7500": (
            *(1.75e12, 0.8e-9, 180e-9, 1),
            ["depinning/stairs/single-notch-2/start"],
        ),
        "depinning/stairs/notch-3/1.7500": (1.75e12, 0.8e-9, 320e-9, 3, ["levels/stairs/3"]),
        "calibration/paper/0/stairs/1.5000": (1.5e12, 0.4e-9, 45e-9, 3, []),
        "calibration/paper/1/stairs/1.5000": (1.5e12, 0.7e-9, 45e-9, 3, []),
    }
    of_others = ("traces/", "levels/", "transitions/", "operating_windows/")
    limits = ("/0.5000", "/3.0000", "/start")
    of_rounds = {path for path in traces if not path.startswith(of_others)}
    assert {path for path in of_rounds if not path.endswith(limits)} == set(places)
    for path, (density, duration, start, notches, after) in places.items():
        job = json.loads(traces[path]["params"]["job"])
        assert job["steps"][0]["current_density"] == pytest.approx(density, rel=1e-9, abs=0)
        assert job["steps"][0]["duration"] == pytest.approx(duration, rel=1e-9, abs=0)
        for end in ("bottom", "top"):
            assert job["placement"][end] == pytest.approx(start, rel=1e-9, abs=0)
        assert len(job["track"]["notches"]["positions"]) == notches
        assert traces[path]["input"] == [f"results/{source}.nc" for source in after]
        assert (behind("--after", traces[path]) if after else []) == traces[path]["input"]


def test_the_work_of_devices_and_of_the_cross_check_is_each_simulation_at_its_longest(tiny):
    """The initial walls relax for 0.3 ns, pulses last 0.4 and 0.6 ns, the synapse relaxes 1 ns.

    A pulse of the cross-check starts from a wall that did not relax.
    """
    for device in tiny["devices"].values():
        device["wall"]["relaxation"] = 0.3e-9
    case = {
        "device": "synapse",
        "current_density": 0.5e12,
        "changes": {"pulse": {"duration": 0.7e-9}},
    }
    check = {"calculators": ["oommf", "film"], "cases": {"quick": case}}
    tiny["crosscheck"] = {"engines": check}
    campaign = plan.parse(tiny)
    place = "results/{}/synapse/{}.nc".format
    expected = {
        "results/initial/neuron.nc": (0.3e-9, 0.0),
        "results/initial/synapse.nc": (0.3e-9, 0.0),
        **{f"results/traces/neuron/0.{n}000.nc": (0.4e-9, n * 1e11) for n in (2, 4, 6, 8)},
        "results/traces/neuron/1.0000.nc": (0.4e-9, 1e12),
        **{place("traces", f"{n:.4f}"): (1.6e-9, n * 1e12) for n in (0.5, 1.5, 3.0)},
        **{place("levels", state): (1e-9, 0.0) for state in ("1", "1-2", "2")},
    }
    assert {count for count, _ in work.study_work(requests.Requested(campaign), "devices")} == {1}
    simulations = {
        request.path: request
        for _, request in work.study_work(requests.Requested(campaign), "devices")
    }
    assert {*simulations} == {*expected}
    assert {*simulations} == {
        path for path in requests.of_study("devices", campaign) if "/minima/" not in path
    }
    for path, (longest, density) in expected.items():
        assert simulations[path].computes.longest == pytest.approx(longest, rel=1e-9, abs=0), path
        assert simulations[path].computes.strongest == pytest.approx(density, rel=1e-9, abs=0), path
    (_, oommf), (_, film) = study_work(Requested(campaign), "crosscheck")
    assert (oommf.path, film.path) == (
        "results/crosscheck/engines/quick/oommf.nc",
        "results/crosscheck/engines/quick/film.nc",
    )
    assert oommf.computes.longest == film.computes.longest == pytest.approx(1.7e-9, rel=1e-9, abs=0)
    assert oommf.computes.strongest == 0.5e12
    assert (oommf.calculator, film.calculator) == ("oommf", "film")


def test_dry_runs_of_devices_and_the_cross_check_say_what_they_cost(campaign, tiny):
    case = {"device": "neuron", "current_density": 0.5e12}
    check = {"calculators": ["oommf", "film"], "cases": {"quick": case}}
    tiny["crosscheck"] = {"engines": check}
    campaign.configure(tiny)
    said = campaign.snakemake("--dry-run", "devices", "crosscheck").stdout
    assert "13 simulations of the target devices will run: at most 10 ns, about" in said
    assert "2 simulations of the target crosscheck will run: at most 1 ns, about" in said
