"""The functions of `wallnet.api` that are made from the registry of studies."""

import inspect
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.calibration import CURVE, searched
from helpers.intervals import bisected
from helpers.small_campaign import TINY
from helpers.windows import WINDOW

from wallnet import api, config, plan, revisions
from wallnet.api import studies
from wallnet.api.studies import function_of
from wallnet.config.campaign import with_studies
from wallnet.config.quantities import Fraction, Section
from wallnet.config.schema import described
from wallnet.files.schema import KINDS, VARIABLES
from wallnet.jobs import Job
from wallnet.jobs.request import pulses
from wallnet.studies import QUESTIONS, STUDIES, Question, gather_job
from wallnet.studies.gathering import gather


@pytest.fixture(scope="module")
def stairs():
    return plan.parse(bisected()).simulated["stairs"]


@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_help_describes_every_setting_but_the_device(study):
    function = getattr(api, study.name)
    assert study.name in api.__all__
    parameters = inspect.signature(function).parameters
    meanings = described(with_studies(STUDIES)) | described(study.settings)
    for key in study.sections:
        assert parameters[key].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[key].default is None
        assert f"\n    - {key}: {meanings[key]}\n" in function.__doc__
    for key, field in study.settings.model_fields.items():
        if key in ("device", "devices"):
            continue
        assert parameters[key].kind is inspect.Parameter.KEYWORD_ONLY
        required = parameters[key].default is inspect.Parameter.empty
        assert required == field.is_required()
        assert required or parameters[key].default == field.get_default(call_default_factory=True)
        assert f"\n    - {key}: {meanings[key]}\n" in function.__doc__
    for name in KINDS[study.kind]:
        assert f"- {name}: " in function.__doc__


def test_help_of_a_window():
    shown = str(inspect.signature(api.operating_windows))
    assert (
        ", *, current_densities, durations, variants={'as-configured': {}}, samples=0, tail=None"
        in shown
    )
    text = api.operating_windows.__doc__
    assert "\n    - pause: Time without current after each pulse and" in text
    assert "\n      - share: Current density as a share of that of the pulse." in text
    assert "\n      - duration: Duration of the tail. Unit: s. Source" in text


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
    with pytest.raises(config.ConfigError) as ours:
        getattr(api, study)(stairs, name="stairs", subject=subject, **settings)
    assert str(ours.value) == str(theirs.value).replace("config.yaml: ", f"api.{study}: ")


def test_settings_that_name_several_devices_take_several(stairs, monkeypatch):
    data = searched({"transfer_curves": [CURVE]})
    campaign = plan.parse(data)
    monkeypatch.setattr(studies, "dataset_of", lambda study, data, *_: plan.parse(data))
    settings = data["calibration"]["paper"] | {"reference": data["reference"], "subject": "paper"}
    made = api.calibration(campaign.simulated, progress=False, **settings)
    assert (made.devices, made.reference) == (campaign.devices, campaign.reference)
    assert made.studies["calibration"] == campaign.studies["calibration"]
    with pytest.raises(config.ConfigError, match="^intervals asks about one device; call it once"):
        api.intervals({"stairs": stairs})


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


def of_the_sweep(campaign, name, settings, _):
    return [*pulses(name, campaign.simulated[name]).values()]


@pytest.fixture
def registered(monkeypatch):
    """Register a study with one set of settings."""
    study = Question(
        name="reached",
        package="wallnet.studies.reached",
        title="reached by {subject}",
        missing="a device",
        settings=Reached,
        problems=lambda *_: [],
        requests=of_the_sweep,
        kind="reached",
        variables={name: VARIABLES[name] for name in ("state", "current_density")},
        figure="none",
        places={},
        subjects_in=lambda settings, _: settings.devices,
        about=lambda campaign, name, settings: About(
            share=settings.share, length=campaign.simulated[name].track.length
        ),
    )

    def gather(settings, opened):
        pulses = opened.pulses()
        states = [str(pulse.outcomes[0].state) for pulse in pulses]
        densities = [pulse.simulation.current_density for pulse in pulses]
        assert opened.about == {"share": 0.25, "length": 200e-9}
        return {"state": states, "current_density": settings.share * np.array(densities)}

    monkeypatch.setitem(
        sys.modules, "wallnet.studies.reached.gather", SimpleNamespace(gather=gather)
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
    dataset = function_of(registered)(short, share=np.float32(0.25), name="short")
    np.testing.assert_allclose(dataset["current_density"], [0.1e12, 0.2e12], rtol=1e-12)
    assert dataset["state"].size == 2
    assert dataset.attrs["subject"] == "short"
    assert dataset.attrs["revision"] == 5


def test_a_study_without_subject_says_what_is_missing(registered, stairs, monkeypatch):
    nothing = registered.__class__(**{**vars(registered), "subjects_in": lambda *_: []})
    for registry in (STUDIES, QUESTIONS):
        monkeypatch.setitem(registry, "reached", nothing)
    with pytest.raises(config.ConfigError, match="^reached has nothing to run; add a device$"):
        function_of(nothing)(stairs, share=0.5)
