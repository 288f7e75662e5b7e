"""What a campaign found: main numbers, remarks, caveats and warnings."""

import json
import statistics

import numpy as np
import pytest
from helpers.programs import RESPONSE
from helpers.walls import SYNAPSE, campaign

from wallnet import files
from wallnet.page import findings
from wallnet.plan.summary import summary_job
from wallnet.report.faults import caveats, faults, grouped, heat, level_caveats
from wallnet.report.networks import TABLE_II
from wallnet.studies.compact import compact_model
from wallnet.studies.pulse_trains.show import Show


def row(dataset="mnist", mapping="layer", stage="quantized", validation=50.0, **more):
    """Return a row of `accuracy.csv`; a test accuracy that says the contrary is not used."""
    record = {"dataset": dataset, "device": "s", "reading": "parallel", "mapping": mapping}
    record |= {"recipe": "plain", "stage": stage, "seed": "1"}
    record |= {"test_accuracy": 100 - validation, "validation_accuracy": validation}
    record |= more
    return record | {"test_accuracy": float(record["test_accuracy"])}


def free(dataset="mnist", validation=97.0, **more):
    none = {"device": "none", "reading": "none", "mapping": "none", "stage": "fp32"}
    return row(dataset, validation=validation, **none | more)


def seeds(made, *arguments):
    """Return a row for each accuracy, which is the last argument."""
    *names, accuracies = arguments
    return [
        made(*names, validation=accuracy, seed=str(seed))
        for seed, accuracy in enumerate(accuracies, 1)
    ]


def test_accuracies_stand_below_those_of_the_paper_of_each_synapse():
    accuracies = {("mnist", "s"): "60", ("mnist", "t"): "70", ("fashion-mnist", "s"): "61"}
    rows = [free(test_accuracy="97"), free("fashion-mnist", test_accuracy="88")]
    rows += [
        row(data, device=name, test_accuracy=text) for (data, name), text in accuracies.items()
    ]
    rows += [row(device="s", test_accuracy="63", seed="2"), row(stage="on_levels", seed="2")]
    table = findings.accuracies(rows, {"s": 5, "t": 10})
    deviation = statistics.stdev([60, 63])
    paper = {key: [f"{value:.2f}" for value in numbers[:2]] for key, numbers in TABLE_II.items()}
    assert table.columns == ["data set, synapse", "network", "FP32", "Quantised", "QAT"]
    assert table.rows() == [
        ["MNIST, s", "paper, Table II", *paper[5, "mnist"], "–"],
        ["MNIST, s", "plain, layer", "97.00", f"61.50 ± {deviation:.2f}", "50.00"],
        ["MNIST, t", "paper, Table II", *paper[10, "mnist"], "–"],
        ["MNIST, t", "plain, layer", "97.00", "70.00", "–"],
        ["Fashion-MNIST, s", "paper, Table II", *paper[5, "fashion-mnist"], "–"],
        ["Fashion-MNIST, s", "plain, layer", "88.00", "61.00", "–"],
    ]
    assert table.set_apart == {0, 2, 4}
    assert "paper" not in str(findings.accuracies(rows, {}).rows())


def test_the_first_reading_and_the_mapping_with_the_most_stages_are_shown():
    rows = [free(test_accuracy="97")]
    for mapping, stages in {"few": ["quantized"], "many": ["quantized", "on_levels"]}.items():
        rows += [row(mapping=mapping, stage=stage, test_accuracy="70") for stage in stages]
    rows += [row(mapping="many", reading="series", test_accuracy="10")]
    rows += [row(recipe="other", mapping="few", test_accuracy="60")]
    assert findings.accuracies(rows, {}).rows() == [
        ["MNIST, s", "plain, many", "97.00", "70.00", "70.00"],
        ["MNIST, s", "other, few", "–", "60.00", "–"],
    ]
    kinds = "Quantised: post-training quantisation; QAT: quantisation-aware training"
    assert findings.conditions(rows) == f"one seed; reading parallel; {kinds}"
    conditions = findings.conditions(rows, ["300 K", "", "0 K"])
    assert conditions == f"one seed; reading parallel; levels at 0 K and 300 K; {kinds}"
    # of two with the same stages, the better one by the validation images
    rows += [row(mapping="better", validation=49.0)]
    rows += [row(mapping="better", stage="on_levels", validation=52.0)]
    assert findings.accuracies(rows, {}).rows()[0][:2] == ["MNIST, s", "plain, better"]


def swept(bench, **changes):
    """Return the numbers of the sweep of a device, with some values of its file changed."""
    data = bench.gather()
    for name, values in changes.items():
        data[name].values[: len(values)] = values
    job = summary_job(campaign(d=SYNAPSE)).model_copy(update={"studied": ()})
    (text,) = findings.sentences(job, {"d": data}, {})
    return text, data


def test_the_headline_has_the_numbers_of_valid_levels(synapse):
    """Notch 2 is reached beyond the model only; the half level and other states do not count."""
    changes = {"level_minimum": [0, 1, 1, -1, 1], "level_beyond_model": [0, 0, 0, 1, 0]}
    text, data = swept(synapse, **changes)
    conductance = data["level_conductance"].sel(reading="parallel").values / 1e-6
    # 1.3e-6 Ω m · J² · 900 nm · 90 nm · (5 + 2) nm · 2 ns
    energy = [1.3e-6 * density**2 * 900e-9 * 90e-9 * 7e-9 * 2e-9 for density in (0.5e12, 1e12)]
    assert text == (
        f"d: 2 of 4 levels are valid: {conductance[1]:.3g}, {conductance[4]:.3g} µS (parallel), "
        f"written by 0.5 to 1 × 10¹² A/m², {energy[0] * 1e12:.3g} to {energy[1] * 1e12:.3g} pJ a "
        "pulse"
    )
    text, _ = swept(synapse, level_beyond_model=[0, 0, 1, 1, 1], reachable=[1, 0])
    assert text.startswith("d: 1 of 4 levels are valid: ")
    assert "written" not in text
    text, _ = swept(synapse, reachable=[0] * 5)
    assert text == "d: none of 4 levels are valid"
    text, _ = swept(synapse, reachable=[0] * 5, settled=[1, 0, 0, 1, 0])
    assert text == (
        "d: none of 4 levels are valid: the wall still moved at the end of 3 of 5 pulses; "
        "raise relaxation.longest"
    )


def test_the_headline_of_a_neuron_and_of_a_track_has_valid_pulses(neuron, track):
    """The last two of eight pulses are beyond the model, and the second wall still moves."""
    beyond = {"beyond_model": [0] * 6 + [1] * 2, "settled": [-1, 0, -1]}
    text, data = swept(neuron, relu_deviation=[0.123, 0.456], **beyond)
    read = data["final_conductance"].sel(reading="parallel").values[[0, 5]] / 1e-6
    energy = data["write_energy"].values[[0, 5]] / 1e-12
    assert text == (
        f"d: G of {read[0]:.3g} to {read[1]:.3g} µS (parallel) at 0.1 to 0.35 × 10¹² A/m², "
        f"{energy[0]:.3g} to {energy[1]:.3g} pJ a pulse; "
        "largest deviation from ReLU 0.123 (parallel), 0.456 (series)"
    )
    velocities = [10, 70, 30, 40, 50, 60, 80, 90]
    text, _ = swept(track, wall_velocity=velocities, **beyond)
    assert text.startswith("d: wall velocity up to 60 m/s at 0.1 to 0.35 × 10¹² A/m², ")
    text, _ = swept(neuron, beyond_model=[1] * 8)
    assert text == "d: no pulse is valid"


def test_the_best_mapping_is_named_by_place_where_places_differ():
    text = "Best mapping for post-training quantisation, by validation accuracy: "
    rows = [*seeds(free, "mnist", [97, 96]), *seeds(row, "mnist", "layer", [95, 20])]
    assert findings.best_mapping(rows) == []
    rows += seeds(row, "mnist", "signed", [90, 91])
    # another stage counts nothing
    rows += seeds(row, "mnist", "layer", "on_levels", [97])
    assert findings.best_mapping(rows) == [f"{text}signed"]
    rows += [free("digits"), row("digits", "layer", validation=98)]
    rows += [row("digits", "signed", validation=97)]
    rows += [row("digits", "layer", device="t"), row("digits", "signed", validation=40, device="t")]
    places = "signed (MNIST on s); layer (digits on s, digits on t)"
    assert findings.best_mapping(rows) == [f"{text}{places}"]


def test_a_mapping_that_loses_more_than_ten_points_is_named_with_a_better_one():
    """The loss is the mean of the differences seed by seed, and the worst place is named."""
    rows = [*seeds(free, "mnist", [97, 95]), *seeds(free, "digits", [99, 99])]
    rows += seeds(row, "mnist", "layer", [80, 90])  # 11.0
    rows += seeds(row, "digits", "layer", [20, 21])  # 78.5
    rows += seeds(row, "mnist", "signed", [90, 82])  # 10.0
    rows += seeds(row, "digits", "signed", [95, 97])
    lost = "up to 78.5 points of validation accuracy by post-training quantisation (digits on s)"
    assert findings.losses(rows, {}) == ([], [f"mapping layer loses {lost}; use signed"])
    # it is expected where the paper's Table II is reproduced
    expected, warnings = findings.losses(rows, {"s": 5})
    assert (expected, warnings) == ([f"layer, the mapping of the paper, loses {lost}"], [])
    # the advice is one that was not tried
    bad = [free(), row(validation=15.9)]
    assert findings.losses(bad, {})[1][0].endswith("; use signed-fitted")
    _, warnings = findings.losses([*bad, row(mapping="signed-fitted", validation=60)], {})
    assert len(warnings) == 2
    assert all("; add on_levels to its recipe, or use a synapse" in text for text in warnings)


def test_known_outcomes_of_a_sweep_are_no_faults(neuron, synapse, track):
    """Half levels may have no conductance, and after some pulses the wall may still move."""
    s = synapse.gather()
    s["settled"].values[:] = [1, 0, 1, 0, -1]
    s["level_conductance"].values[:, s["half"].values.astype(bool)] = np.nan
    datasets = {"n": neuron.gather(), "s": s, "t": track.gather()}
    assert faults(datasets) == []
    assert Show().faults(files.dataset("response", RESPONSE), "p") == []


def test_each_fault_is_a_sentence_and_the_most_harmful_is_first(neuron, synapse):
    n, s, t = neuron.gather(), synapse.gather(), synapse.gather()
    n["fault"] = n["fault"].astype(object)
    n["fault"].loc["series"] = "it is not monotonic"
    s["settled"].values[:] = [1, 0, 0, 0, -1]
    # notch 1, the half level, notch 2
    t["level_conductance"].values[:, 1:4] = np.nan
    t["level_minimum"].values[:] = [0, -1, 1, 0, 1]
    t["level_resting_state"] = t["level_resting_state"].astype(object)
    t["level_resting_state"].values[1] = "gap 1"
    waits = t.copy(deep=True)
    waits["level_resting_state"].values[1] = "still moving"
    response = files.dataset("response", RESPONSE | {"pulse_settled": [-1, 0, 1, 0]})
    lost = "in a state, so that the networks lose this level; "
    assert Show().faults(response, "p") == [
        "pulse train p: the wall still moved after the pause of pulse 1, 3; lengthen the pause",
    ]
    assert faults({"s": s, "t": t, "n": n, "u": s}) == [
        "no activation in the reading series: it is not monotonic (n)",
        f"no pulse of this sweep and no initialised wall ended {lost}add pulses that end there to "
        "pulse.current_densities (t: notch 1)",
        f"the energy has no minimum {lost}enlarge track.notches.diameter (t: notch 2)",
        "the wall still moved at the end of most pulses, which therefore reach no level; "
        "raise relaxation.longest (s: 3 of 5; u: 3 of 5)",
    ]
    assert faults({"w": waits})[0] == (
        f"no wall came to rest {lost}raise relaxation.longest (w: notch 1)"
    )
    parameters = json.loads(waits.attrs["parameters"])
    notches = {"shape": "ellipse", "length": 40e-9, "depth": 16e-9, "count": 3}
    parameters["settings"]["track"]["notches"] = notches
    ellipses = waits.assign_attrs(parameters=json.dumps(parameters))
    assert "; enlarge track.notches.depth (e: notch 2)" in faults({"e": ellipses})[1]


def test_a_device_tells_how_far_its_pulses_heat_the_track(synapse, neuron):
    """The rise goes with J², and the pulses are 0.3 to 1.0e12 A/m²."""
    rise = synapse.gather()["temperature_rise"].values
    assert rise == pytest.approx(rise[-1] * np.array([0.09, 0.25, 0.36, 0.64, 1]), rel=1e-9, abs=0)
    # one-dimensional flow of 1.4 ρ d J² for 2 ns, half into the oxide, half into what is above, is
    # an upper bound, with the rise at the interfaces
    flux = 1.4 * 1.3e-6 * 5e-9 * 1e24 / 2
    bound = flux * (2 * np.sqrt(2e-9 / (np.pi * 1.4 * 1.62e6)) + 1e-8)
    assert 0.7 * bound < rise[-1] < bound
    # K_eff is 0 at 382 K on 90 nm, and means over the width are 300 K + 0.64 times 175 K and less
    material = synapse.job.settings["material"] | {"curie_temperature": 570.0}
    heating = synapse.job.settings["heating"] | {"largest_rise": 0.3 * rise[-1]}
    data = synapse.gather(material=material, heating=heating)
    assert data["beyond_model"].values.tolist() == [0, 0, 0, 1, 1]
    # a pulse of 0.8e12 reaches notch 2, one of 1.0e12 reverses the track
    assert data["level_beyond_model"].values.tolist() == [0, 0, 0, 1, 1]
    devices = {"s": data, "n": neuron.gather()}
    (said,) = caveats(devices)
    assert said.startswith(
        f"s: 1 of 5 pulses heat the track by more than {0.3 * rise[-1]:g} K, up to {rise[-3]:.0f} K"
    )
    assert "; 2 of 5 pulses heat the film to 382 K or more" in said
    # devices with the same cause share a sentence
    track, film = grouped(heat(devices | {"u": data}))
    extent = f"1 of 5, up to {rise[-3]:.0f} K"
    assert track == (
        f"pulses heat the track by more than {0.3 * rise[-1]:g} K: results are estimates "
        f"(s: {extent}; u: {extent})"
    )
    assert film == (
        "pulses heat the film to 382 K or more: their results mean nothing (s: 2 of 5; u: 2 of 5)"
    )


def test_networks_tell_which_of_their_levels_are_doubtful(synapse, tmp_path):
    """Level 0 creeps; notch 2 and a half level are reached by pulses beyond the model only."""
    data = synapse.gather()
    data["level_minimum"].values[:] = [0, 1, 0, 1, -1]
    data["level_shift"].values[:] = [157.2e-9, 0, 20e-9, 0, np.nan]
    data["level_beyond_model"].values[:] = [0, 0, 1, 1, 0]
    files.write_dataset(data, synapse.out, "synapse", {})
    compact_model(synapse.out, tmp_path / "s.json")

    def said(*mappings):
        rows = [{"device": "none", "mapping": "none"}]
        rows.extend({"device": "s", "mapping": m} for m in mappings)
        return grouped(level_caveats(rows, tmp_path))

    creeps = "the networks use levels that are no minimum of the energy, from which the wall "
    creeps += "creeps on (s: level 0 (initial) by 157 nm"
    beyond = "the networks use levels that only pulses beyond the model reach (beyond_model) "
    beyond += "(s: level "
    assert said("layer", "signed-fitted") == [f"{creeps})", f"{beyond}2 (notch 2))"]
    assert said("layer", "layer-extended") == [
        f"{creeps}, level between 1 and 2 by 20 nm)",
        f"{beyond}between 1 and 2, level 2 (notch 2))",
    ]
    assert said() == []
