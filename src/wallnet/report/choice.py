"""Which mapping keeps most of the accuracy, and which lose too much, by the validation images."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wallnet.config.networks import DEFAULT_MAPPING, FIRST_STAGE
from wallnet.report.networks import dataset_title

LARGEST_LOSS = 10.0
"""Loss of validation accuracy against FP32 in per cent points above which a mapping is told."""

PAPER_MAPPING = "layer"
"""Mapping of the paper. Its loss is expected where the paper's Table II is reproduced."""


class _Quantised(NamedTuple):
    """Networks of several seeds at the stage `quantized`.

    Attributes
    ----------
    device, place, mapping : str
        The synapse, data set and synapse, and the mapping.
    accuracy, loss : float
        Mean validation accuracy in per cent, and how much less this is than that of `fp32`.
    """

    device: str
    place: str
    mapping: str
    accuracy: float
    loss: float


def _quantised(rows: Sequence[Mapping[str, str]]) -> list[_Quantised]:
    """Return the means over the seeds of each combination of all else."""
    accuracies: dict[tuple[str, ...], dict[str, float]] = {}
    for row in rows:
        network = tuple(row[k] for k in ("dataset", "recipe", "stage", "device", "mapping"))
        seeds = accuracies.setdefault((*network, row["reading"]), {})
        seeds[row["seed"]] = float(row["validation_accuracy"])
    free = {key[:2]: seeds for key, seeds in accuracies.items() if key[2] == FIRST_STAGE}
    found = []
    for (dataset, recipe, stage, device, mapping, _), seeds in accuracies.items():
        start = free.get((dataset, recipe), {})
        if stage == "quantized" and start.keys() >= seeds.keys():
            loss = statistics.fmean(start[seed] - seeds[seed] for seed in seeds)
            place = f"{dataset_title(dataset)} on {device}"
            accuracy = statistics.fmean(seeds.values())
            found.append(_Quantised(device, place, mapping, accuracy, loss))
    return found


def best_mapping(rows: Sequence[Mapping[str, str]]) -> str:
    """Return a sentence that names the best mapping of each data set and synapse.

    Parameters
    ----------
    rows : sequence of Mapping
        Rows of `accuracy.csv` and `accuracy-validation.csv`.

    Returns
    -------
    str
        The sentence; empty if there are not several mappings.
    """
    networks = _quantised(rows)
    if len({each.mapping for each in networks}) < 2:
        return ""
    best: dict[str, list[str]] = {}
    for place in dict.fromkeys(each.place for each in networks):
        here = (each for each in networks if each.place == place)
        best.setdefault(max(here, key=lambda each: each.accuracy).mapping, []).append(place)
    if len(best) == 1:
        text = next(iter(best))
    else:
        text = "; ".join(f"{mapping} ({', '.join(places)})" for mapping, places in best.items())
    return f"Best mapping without training on the levels, by validation: {text}"


def losses(
    rows: Sequence[Mapping[str, str]], table_ii: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Return sentences on mappings that lose more than `LARGEST_LOSS`, the largest loss first.

    Parameters
    ----------
    rows : sequence of Mapping
        Rows of `accuracy.csv` and `accuracy-validation.csv`.
    table_ii : Mapping
        The synapses that are compared with the paper's Table II.

    Returns
    -------
    expected, warnings : list of str
        A sentence for each mapping: what reproduces the paper, and what the user should change.
    """
    networks = sorted(_quantised(rows), key=lambda each: -each.loss)
    expected: dict[str, str] = {}
    warnings: dict[str, str] = {}
    for each in networks:
        if each.loss <= LARGEST_LOSS:
            break
        lost = f"{each.loss:.1f} points of validation accuracy without training on the levels"
        if each.mapping == PAPER_MAPPING and each.device in table_ii:
            text = f"{each.mapping}, the mapping of the paper, loses up to {lost} ({each.place})"
            expected.setdefault(each.mapping, text)
            continue
        others = {n.mapping: n.loss for n in reversed(networks) if n.place == each.place}
        better = min(others, key=lambda mapping: others[mapping])
        if others[better] <= LARGEST_LOSS:
            fix = f"use {better}"
        elif DEFAULT_MAPPING not in others:
            fix = f"use {DEFAULT_MAPPING}"
        else:
            fix = "add on_levels to its recipe, or use a synapse with more levels"
        text = f"mapping {each.mapping} loses up to {lost} ({each.place}); {fix}"
        warnings.setdefault(each.mapping, text)
    return [*expected.values()], [*warnings.values()]
