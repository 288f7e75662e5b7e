"""From a calculator's name to a calculator: found calculators, and messages if none is found."""

import json
import sys

import pytest
from helpers.drift import DRIFT
from helpers.small_campaign import TINY

from wallnet import config, jobs, simulate
from wallnet.config import ProgramPulse
from wallnet.jobs.film import check
from wallnet.simulate import SimulationError, registry
from wallnet.simulate.calculator import Checkpoint

PLAIN = TINY["devices"]["neuron"]["track"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that writes a module that only this process finds."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        jobs.code.code_of.cache_clear()

    return write


def job_of(name, **settings):
    """Return what a check reads of a job on a track without notches, as plain data."""
    return {"calculator_name": name, "calculator": settings, "track": PLAIN}


def problems(calculators):
    """Return the sentences that the check of settings raises."""
    with pytest.raises(config.ConfigError) as refused:
        registry.check_settings(calculators)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nowhere_to_be_found", "module broken cannot be imported (ModuleNotFoundError: No"),
        ("def", "module broken cannot be imported (SyntaxError: "),
        ("class Own: pass", "has no class Own that derives from wallnet.simulate.calculator.Calc"),
        (
            "from wallnet.simulate.calculator import Calculator\nclass Own(Calculator): pass",
            "has no class Own that derives from wallnet.simulate.calculator.Calculator and has run",
        ),
        (DRIFT, "it has Drift"),
    ],
    ids=["its import", "its syntax", "no calculator", "without run", "another"],
)
def test_a_module_that_does_not_do_is_one_sentence(module, text, words):
    module("broken", text)
    (said,) = problems([("broken:Own", {}), ("broken:Own", {})])
    assert said.startswith("config.yaml: calculator broken:Own: module broken ")
    assert words in said
    assert "\n" not in said


def test_all_settings_that_do_not_fit_are_said(module):
    module("wander", DRIFT)
    said = problems([("wander:Drift", {"speed": 1.0}), ("wander:Drift", {"velocity": 0})])
    assert len(said) == 3
    assert any("calculator_settings.wander:Drift.velocity is missing; add it" in s for s in said)


def test_every_setting_of_a_calculator_that_is_called_is_checked(module):
    check = (
        "    def check(self):\n        if self.settings.velocity > 5: raise OSError('too fast')\n\n"
    )
    module("limited", DRIFT.replace("    def run(", f"{check}    def run("))
    called = [json.dumps(job_of("limited:Drift", velocity=velocity)) for velocity in (9.0, 1.0)]
    registry.check_called(called[1:])
    registry.check_called([json.dumps(job_of("film"))])
    for simulations in (called, called[::-1]):
        with pytest.raises(SimulationError, match="too fast"):
            registry.check_called(simulations)


def test_oommf_is_checked_before_a_run(monkeypatch):
    checked = []
    monkeypatch.setattr(registry, "check", lambda name, _, needs: checked.append((name, needs)))
    names = ("film", "oommf", "own:Solver")
    jobs = [job_of(name) for name in names]
    jobs.insert(1, jobs[1] | {"temperature": 77.0})
    registry.check_called(map(json.dumps, jobs))
    assert checked == [("oommf", {"temperature"}), ("own:Solver", set())]


@pytest.mark.parametrize("of_train", [False, True])
def test_waveforms_are_refused_before_the_run_of_a_calculator_without_them(module, tiny, of_train):
    module("square", DRIFT)
    tiny["devices"]["synapse"] |= {
        "calculator": "square:Drift",
        "calculator_settings": {"square:Drift": {"velocity": 1.0}},
    }
    device = config.parse(tiny, check).devices["synapse"]
    pulse = {"current_density": 0.5e12, "duration": 0.6e-9}
    for shape in ({}, {"waveform": ((0.0, 0.0), (0.5e-9, 1.0))}):
        train = [ProgramPulse(**pulse), ProgramPulse(**pulse | shape)]
        changed = device.model_copy(update={"pulse": device.pulse.model_copy(update=shape)})
        job = jobs.pulse_train_job(device, train) if of_train else jobs.pulse_job(changed, 0)
        if not shape:
            registry.check_called([job.to_json()])
    with pytest.raises(SimulationError, match="waveform is not simulated by the calculator squ"):
        registry.check_called([job.to_json()])


@pytest.mark.parametrize("resumes", [False, True])
def test_only_one_that_resumes_is_given_a_checkpoint(module, tiny, tmp_path, resumes):
    text = DRIFT.replace("*_: Any", "_: Any, checkpoint: Any").replace(
        "        bottom, top", "        Drift.given = checkpoint\n        bottom, top"
    )
    module("lasting", text.replace("Settings = ", f"resumes = {resumes}\n    Settings = "))
    tiny["devices"]["synapse"] |= {
        "calculator": "lasting:Drift",
        "calculator_settings": {"lasting:Drift": {"velocity": 1.0}},
    }
    job = jobs.pulse_job(config.parse(tiny, check).devices["synapse"], 0.5e12)
    simulate.simulate(job, output=tmp_path / "trace.nc")
    checkpoint = sys.modules["lasting"].Drift.given
    assert isinstance(checkpoint, Checkpoint) if resumes else checkpoint is None


def test_a_job_by_hand_finds_a_calculator_beside_its_configuration(tmp_path, tiny, monkeypatch):
    """It does so from any working folder."""
    import yaml

    from wallnet import cli, files

    monkeypatch.setattr(sys, "path", list(sys.path))
    tiny["devices"]["synapse"] |= {
        "calculator": "nearby:Drift",
        "calculator_settings": {"nearby:Drift": {"velocity": 1.0}},
    }
    (tmp_path / "nearby.py").write_text(DRIFT)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(tiny))
    out = tmp_path / "trace.nc"
    command = ["simulate", "--config", str(tmp_path / "config.yaml"), "--device", "synapse"]
    cli.main([*command, "--current-density", "0.5e12", "--out", str(out)])
    assert files.read_dataset(out, "run").attrs["backend"] == "nearby:Drift"
