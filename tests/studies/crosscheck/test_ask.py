"""What a cross-check accepts, and what it asks for."""

import pytest
from helpers.crosscheck import crosschecked
from helpers.messages import one_problem, problems

from studies.results import one, pulsed
from wallnet import plan
from wallnet.config.calculators import FilmSettings
from wallnet.studies import STUDIES

CROSSCHECK = STUDIES["crosscheck"]
CASE = {"device": "synapse", "current_density": 2e12}
KEY = "config.yaml: crosscheck.engines"


def test_a_case_is_simulated_by_both_calculators():
    changes = {
        "material": {"damping": 0.1},
        "track": {"length": 380e-9},
        "film": {"frozen_change": 0.0},
    }
    cases = {"quick": CASE | {"changes": changes}, "slow": CASE | {"device": "neuron"}}
    campaign = plan.parse(crosschecked(cases=cases))
    requests = CROSSCHECK.requests_of(campaign, "engines")
    # a neuron has no minima by which states are named
    minima = "results/crosscheck/engines/quick/minima.nc"
    assert [request.path for request in requests] == [
        *(
            f"results/crosscheck/engines/{case}/{calculator}.nc"
            for case in ("quick", "slow")
            for calculator in ("film", "oommf")
        ),
        minima,
    ]
    for request in pulsed(requests):
        quick = request.conditions.variant == "quick"
        digest = one(requests, "minima").digest if quick else None
        assert (request.states and request.states.digest) == digest
    assert {request.after for request in requests} == {()}
    film, oommf = (
        one(requests, "run", variant="quick", calculator=name).computes
        for name in ("film", "oommf")
    )
    assert (film.calculator_name, oommf.calculator_name) == ("film", "oommf")
    assert (film.current_density, film.pulse_end) == (2e12, 0.6e-9)
    assert (film.material.damping, film.material.polarization) == (0.1, 0.4)
    assert film.track.cells == (95, 18)
    assert film.calculator == FilmSettings(frozen_change=0.0)
    same = {"calculator": film.calculator, "calculator_name": "film"}
    assert oommf.model_copy(update=same) == film
    slow = one(requests, "run", variant="slow", calculator="film")
    assert slow.computes.pulse_end == 0.4e-9


def test_a_hyphen_replaces_the_colon_in_names_of_files():
    configuration = crosschecked(
        calculators=["wallnet.simulate.oommf:Oommf", "film"], cases={"a": CASE}
    )
    paths = [
        request.path
        for request in CROSSCHECK.requests_of(plan.parse(configuration), "engines")
        if request.kind == "run"
    ]
    names = ("wallnet.simulate.oommf-Oommf", "film")
    assert paths == [f"results/crosscheck/engines/a/{name}.nc" for name in names]


def test_the_default_choice_lies_near_thresholds_at_three_dampings():
    campaign = plan.load("config.yaml")
    requests = CROSSCHECK.requests_of(campaign, "film-oommf")
    jobs = [request.computes for request in requests if request.kind == "run"]
    assert {job.calculator_name for job in jobs} == {"film", "oommf"}
    assert {job.material.damping for job in jobs if job.track.notches} == {0.1, 0.3, 0.5}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (CASE | {"device": "synaps"}, "a.device names 'synaps', which is not a simulated device"),
        (CASE | {"current_density": 0.5}, "a.current_density = 0.5 is outside"),
        ({"device": "synapse"}, "a.current_density is missing; add it"),
        (CASE | {"changes": {"material": {"dampin": 1}}}, "a.changes.material.dampin is not a key"),
        (CASE | {"changes": {"calculator": "film"}}, "a.changes sets calculator; remove it"),
        (
            CASE | {"changes": {"track": {"edges": "smooth"}}},
            "a.track.edges: smooth is not simulated by the calculator oommf; set track.edges: stai",
        ),
    ],
)
def test_a_faulty_case_is_one_sentence_with_its_key(case, words):
    said = one_problem(crosschecked(cases={"a": case}))
    assert said.startswith(f"{KEY}.cases.{words}")


def test_all_faulty_cases_are_said_at_once():
    cases = {
        "a": CASE | {"device": "smal"},
        "b": CASE,
        "c": CASE | {"changes": {"calculator": "film"}},
        "d": CASE | {"changes": {"material": {"polarization": 7}}},
    }
    said = problems(crosschecked(cases=cases))
    assert [line.removeprefix(f"{KEY}.cases.").split()[0] for line in said] == [
        "a.device",
        "c.changes",
        "d.changes.material.polarization",
    ]


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ({"../a": CASE}, ".../a cannot name files"),
        ({}, " has too few entries; give at least 1"),
    ],
)
def test_cases_have_names_of_files(cases, words):
    said = one_problem(crosschecked(cases=cases))
    assert said.startswith(f"{KEY}.cases{words}")


@pytest.mark.parametrize(
    ("calculators", "words"),
    [
        (["film", "film"], "calculators names 'film' twice; name two"),
        (["film"], "calculators.1 is missing; add it"),
        (["film", "oommf", "a:B"], "calculators has too many entries; give at most 2"),
        (["film", "mumax"], "calculators.1 is 'mumax'; use 'film', 'oommf' or"),
    ],
)
def test_two_calculators_are_compared_and_no_other_number(calculators, words):
    said = one_problem(crosschecked(calculators=calculators))
    assert said.startswith(f"{KEY}.{words}")


@pytest.mark.parametrize(
    "block",
    [{"cases": {"a": CASE}, "calculators": ["film", "a:B"]}, {"cases": {"a": CASE}}, {"cases": {}}],
)
def test_a_cross_check_without_a_name_is_told_so(block):
    said = problems(crosschecked() | {"crosscheck": block})
    sentence = "crosscheck lacks a name; write crosscheck: {name: {...}}"
    assert said == [f"config.yaml: {sentence}"]


def test_a_cross_check_may_have_the_name_of_a_key():
    data = crosschecked()
    data["crosscheck"] = {"cases": data["crosscheck"]["engines"]}
    assert list(plan.parse(data).studies["crosscheck"]) == ["cases"]
