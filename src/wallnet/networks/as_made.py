"""Evaluation of finished networks on devices as they are made. Nothing trains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from wallnet import files, revisions
from wallnet.config.stages import FACETS
from wallnet.files.imperfections import Imperfections
from wallnet.jobs.networks import AsMadeJob
from wallnet.networks import storage
from wallnet.networks.classifier import Classifier
from wallnet.networks.images import ImageData, Images
from wallnet.networks.imperfections import made, ranges_of
from wallnet.networks.programming import ProgrammedNetwork
from wallnet.networks.stages import begin

CALIBRATION_IMAGES = 1000
"""Training images that give the ranges of converters."""


def evaluate(
    job: AsMadeJob,
    images: Images,
    network: str | Path,
    programming: str | Path,
    imperfections: str | Path,
    out: str | Path,
) -> None:
    """Write the test accuracies of a network in all cases of a set and all their draws.

    Parameters
    ----------
    job : AsMadeJob
        The network and the set.
    images : Images
        The data set.
    network, programming : str or Path
        Checkpoint and programming of the network.
    imperfections : str or Path
        What is known of the device.
    out : str or Path
        netCDF file of kind ``as_made`` to write.

    Raises
    ------
    wallnet.files.FileError
        If a file is unusable, or is that of another device or network.
    """
    begin(job)
    classifier = storage.load_network(network, job.model)
    data = ImageData(images, job.validation_fraction, job.seed)
    programmed = ProgrammedNetwork.load(programming, classifier.model)
    device = Imperfections.read(imperfections)
    shown = data.training[0][:CALIBRATION_IMAGES].float() / 255
    layers = programmed.data["layer"].values.tolist()
    ranges = ranges_of(programmed.template, layers, shown)
    rows = job.causes.cases()
    accuracies = np.full((len(rows), max(case.draws for case in rows)), np.nan)
    for row, case in enumerate(rows):
        for draw in range(case.draws):
            model = made(programmed, device, job.reading, case.causes, job.seed, draw, ranges)
            accuracies[row, draw] = accuracy(classifier, model, data)
        mean = np.nanmean(accuracies[row])
        label = " ".join(filter(None, (case.name, case.key and f"{case.key} {case.value:g}")))
        print(f"{job.dataset} {job.device} {label}: test accuracy {mean:.2f} %", flush=True)
    values: dict[str, Any] = {
        "as_made_accuracy": accuracies,
        "clean_accuracy": accuracy(classifier, programmed.template, data),
        "cause": [case.name for case in rows],
        "varied_key": [case.key for case in rows],
        "varied_value": [case.value for case in rows],
        "draw": np.arange(accuracies.shape[1]),
    }
    made_by = storage.provenance(job) | {name: getattr(job, name) for name in FACETS}
    made_by |= {"parameters": job.to_json(), "revision": revisions.of("as_made")}
    made_by["imperfections"] = json.dumps(device.sources, sort_keys=True)
    files.write_dataset(files.dataset("as_made", values, made_by), out, "as_made", {})


def accuracy(classifier: Classifier, model: Any, data: ImageData) -> float:
    """Return the test accuracy in per cent of a classifier with another model."""
    classifier.model = model
    right = classifier.predicted(data.whole("test")) == data.test[1]
    return float(100.0 * int(right.sum()) / len(right))
