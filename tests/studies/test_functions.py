"""The functions of `wallnet.api` that are made from the registry of studies."""

import inspect
import sys
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from helpers.calibration import CURVE, searched
from helpers.intervals import bisected
from helpers.small_campaign import TINY
from helpers.windows import WINDOW

from wallnet import api, config, plan, revisions
from wallnet.api import studies
from wallnet.api.studies import former
from wallnet.config.quantities import Fraction, Section
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.jobs import Job
from wallnet.jobs.request import pulses
from wallnet.questions.opened import Gathering
from wallnet.studies import QUESTIONS, STUDIES, Question, gather_job
from wallnet.studies.gathering import gather


@pytest.fixture(scope="module")
def stairs():
    return plan.parse(bisected()).simulated["stairs"]


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_settings_are_public_classes_with_meanings(study):
    settings = getattr(api, study.settings.__name__)
    assert settings is study.settings
    assert settings.__name__ in api.__all__
    assert [*inspect.signature(settings).parameters] == [*settings.model_fields]
    assert all(api.described(settings)[key] for key in settings.model_fields)


@pytest.mark.parametrize(
    ("study", "changes"),
    [
        ("operating_windows", {"durations": None}),
        ("operating_windows", {"duration": [1e-9]}),
        ("operating_windows", {"pause": 1e-10, "durations": [1e-14, 1e-9]}),
        ("operating_windows", {"pause": 1e-10}),
        ("operating_windows", {"tail": {"share": 2, "duration": 1e-9}}),
        ("intervals", {"resolution": 1}),
        ("intervals", {"resolution": 1.5e8}),
    ],
)
def test_bad_settings_have_the_sentences_of_a_configuration(stairs, study, changes):
    subject = {"operating_windows": "three", "intervals": "stairs"}[study]
    settings = {"operating_windows": WINDOW, "intervals": {}}[study] | changes
    settings = {key: value for key, value in settings.items() if value is not None}
    with pytest.raises(config.ConfigError) as theirs:
        plan.parse(bisected() | {study: {subject: settings}})
    settings.pop("device", None)
    with pytest.raises(config.ConfigError) as ours, pytest.warns(DeprecationWarning, match=study):
        getattr(api, study)(stairs, name="stairs", subject=subject, **settings)
    assert str(ours.value) == str(theirs.value).replace("config.yaml: ", f"api.{study}: ")


def test_settings_that_name_several_devices_take_several(stairs, monkeypatch):
    data = searched({"transfer_curves": [CURVE]})
    campaign = plan.parse(data)
    monkeypatch.setattr(studies, "dataset_of", lambda study, data, *_: plan.parse(data))
    settings = api.Calibration(**data["calibration"]["paper"])
    reference = api.Reference(**data["reference"])
    made = api.study(settings, campaign.simulated, reference, subject="paper", progress=False)
    assert (made.devices, made.reference) == (campaign.devices, campaign.reference)
    assert made.studies["calibration"] == campaign.studies["calibration"]
    with pytest.raises(config.ConfigError, match="^intervals asks about one device; call it once"):
        api.study(api.Intervals(), {"stairs": stairs})


class Reached(Section):
    """How far a device is from a share of its states."""

    devices: tuple[str, ...] = ()
    """The devices."""
    share: Fraction
    """The share."""


class About(Job):
    """What is known of the device."""

    share: float
    length: float


class Ask(Question):
    __module__ = "wallnet.studies.reached"
    settings = Reached
    shared = True
    variables: ClassVar = {name: VARIABLES[name] for name in ("state", "current_density")}

    def subjects_in(self, settings, devices):
        return settings.devices

    def requests(self, campaign, name, settings, so_far):
        return [*pulses(name, campaign.simulated[name]).values()]

    def about(self, campaign, name, settings):
        return About(share=settings.share, length=campaign.simulated[name].track.length)


@pytest.fixture
def registered(monkeypatch):
    """Register a study with one set of settings."""
    study = Ask()

    class Gather(Gathering):
        def gather(self, settings, opened):
            pulses = opened.pulses()
            states = [str(pulse.outcomes[0].state) for pulse in pulses]
            densities = [pulse.simulation.current_density for pulse in pulses]
            assert opened.about == {"share": 0.25, "length": 200e-9}
            return {"state": states, "current_density": settings.share * np.array(densities)}

    monkeypatch.setitem(
        sys.modules, "wallnet.studies.reached.gather", SimpleNamespace(Gather=Gather)
    )
    for registry in (STUDIES, QUESTIONS):
        monkeypatch.setitem(registry, "reached", study)
    monkeypatch.setitem(KINDS, "reached", (*study.variables,))
    monkeypatch.setitem(revisions._noted, "reached", {"revision": 5})
    return study


@pytest.fixture
def short(forked_calls, tmp_path):
    """Return a track that was swept in a folder, before the study is registered."""
    blocks = TINY["devices"]["neuron"] | {key: TINY[key] for key in ("material", "output")}
    pulse = {"duration": 0.2e-9, "current_densities": [0.4e12, 0.8e12]}
    device = api.make_device(**blocks | {"kind": "track", "pulse": pulse})
    api.sweep(device, "short", tmp_path, progress=False)
    return device


def test_a_study_of_several_devices_is_asked_of_one(short, registered, tmp_path, monkeypatch):
    """It gathers the pulses of the sweep, and a length."""

    def gathered(study, data, *_):
        campaign = plan.parse(data)
        requests = study.requests_of(campaign, "short")
        return gather(gather_job(study, campaign, "short", requests), tmp_path)

    monkeypatch.setattr(studies, "dataset_of", gathered)
    with pytest.warns(
        DeprecationWarning, match=r"^api\.reached is now api\.study\(api\.Reached\(\.\.\."
    ):
        dataset = former("reached")(short, share=np.float32(0.25), name="short")
    assert api.study(Reached(share=0.25), short, name="short").equals(dataset)
    np.testing.assert_allclose(dataset["current_density"], [0.1e12, 0.2e12], rtol=1e-12)
    assert dataset["state"].size == 2
    assert dataset.attrs["subject"] == "short"
    assert dataset.attrs["revision"] == 5


def test_a_study_without_subject_says_what_is_missing(registered, stairs, monkeypatch):
    monkeypatch.setattr(Ask, "subjects_in", lambda *_: [])
    with pytest.raises(config.ConfigError, match="^reached has nothing to run; add a device$"):
        api.study(Reached(share=0.5), stairs)
