"""External jobs and files are rejected in one sentence, and no code in them is executed."""

import pytest
from helpers.junk import REPOSITORY, ROOT, as_json, plain_junk, spoilt, spoilt_text
from hypothesis import given
from hypothesis import strategies as st

from wallnet import cli, config, files, jobs, plan
from wallnet.files.schema import blank
from wallnet.jobs.film import check
from wallnet.jobs.networks import (
    AccuracyJob,
    ContinuingJob,
    DataJob,
    MappingJob,
    TrainingJob,
    accuracy_job,
    continuing_job,
    data_job,
    mapping_job,
    training_job,
)
from wallnet.studies import DEVICES, GatherJob, gather_job

CAMPAIGN = plan.parse(REPOSITORY)
SYNAPSE = CAMPAIGN.devices["synapse-5"]
JOBS = {
    jobs.Run: [
        jobs.pulse_job(SYNAPSE, 0.5e12).to_json(),
        jobs.initial_job(CAMPAIGN.devices["neuron"]).to_json(),
    ],
    GatherJob: [
        gather_job(DEVICES, CAMPAIGN, name, DEVICES.requests_of(CAMPAIGN, name)).to_json()
        for name in CAMPAIGN.simulated
    ],
    DataJob: [data_job(CAMPAIGN.networks, "mnist").to_json()],
    TrainingJob: [training_job(CAMPAIGN.networks, "mnist", "plain", 1).to_json()],
    ContinuingJob: [continuing_job(CAMPAIGN.networks, "mnist", "tuned", 1).to_json()],
    MappingJob: [mapping_job(CAMPAIGN.networks, "mnist", "synapse-5", "series", 1).to_json()],
    AccuracyJob: [accuracy_job(CAMPAIGN.networks).to_json()],
}


def spoilt_jobs(texts):
    import json

    return st.one_of(
        spoilt([json.loads(text) for text in texts], plain_junk).map(as_json),
        st.sampled_from(texts).flatmap(spoilt_text),
        plain_junk.map(as_json),
        st.sampled_from(["", "null", "[" * 100_000, "1" * 5000, "NaN", '{"a":' * 5000]),
    )


def check_one_sentence(error):
    assert "\n" not in str(error), str(error)
    assert "--job" in str(error)


@pytest.mark.parametrize("kind", JOBS)
@given(data=st.data())
def test_a_spoilt_job_is_one_sentence(kind, data):
    text = data.draw(spoilt_jobs(JOBS[kind]))
    try:
        job = kind.from_json(text)
    except config.ConfigError as error:
        check_one_sentence(error)
    else:
        assert kind.from_json(job.to_json()).to_json() == job.to_json()


@pytest.mark.parametrize("text", ["{", "[]", '{"calculator_name": "film"}'])
def test_the_command_line_says_it_in_one_sentence(text, tmp_path):
    with pytest.raises(SystemExit) as ended:
        cli.main(["simulate", "--job", text, "--out", str(tmp_path / "out.nc")])
    message = str(ended.value)
    assert message.startswith("wallnet: --job")
    assert "\n" not in message
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """Return a small file with its digest, and its bytes."""
    path = tmp_path_factory.mktemp("state") / "results" / "initial.nc"
    data = files.dataset("barrier", blank("barrier", image=3, mode=2, x=40, y=10, component=3))
    files.write_dataset(data, path, "barrier", {"parameters": "{}"})
    return path, path.read_bytes()


@given(data=st.data())
def test_any_damage_to_a_netcdf_file_is_found(state, data):
    """The digest finds a changed bit, a missing end, a hole and a repeated part."""
    path, whole = state
    first = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(1, 2000))
    how = data.draw(st.sampled_from(["flip", "truncate", "zero", "repeat", "append"]))
    garbled = bytearray(whole)
    if how == "flip":
        garbled[first] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "truncate":
        del garbled[first:]
    elif how == "zero":
        garbled[first : first + length] = bytes(len(garbled[first : first + length]))
    elif how == "repeat":
        garbled[first:first] = whole[first : first + length]
    else:
        garbled += data.draw(st.binary(min_size=1, max_size=50))
    if bytes(garbled) == whole:
        return
    path.write_bytes(garbled)
    with pytest.raises(files.FileError) as refused:
        files.read_dataset(path, "barrier")
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert files.find_damaged(path.parent) == {str(path): files.whole.NOT_WRITTEN}


def test_yaml_that_calls_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = "!!python/object/apply:os.system ['touch executed']"
    (tmp_path / "config.yaml").write_text(f"a: {call}")
    with pytest.raises(config.ConfigError, match="config.yaml"):
        plan.load("config.yaml")
    with pytest.raises(config.ConfigError, match="no valid value"):
        config.load_device(ROOT / "config.yaml", "neuron", check, [f"material.damping={call}"])
    assert not (tmp_path / "executed").exists()
