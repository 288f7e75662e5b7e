"""Traces of a small device whose film varies, with states that no simulation made."""

import copy

import numpy as np
import yaml

from helpers.small_campaign import TINY, UNLIKE
from helpers.varying import TRACK
from wallnet import files, plan, tracks
from wallnet.jobs import pulse_job
from wallnet.simulate.recorder import Recorder

REGIONS = [
    {"start": 8e-9, "stop": 30e-9, "uniaxial_anisotropy": {"ramp": [0.8e6, 0.95e6]}},
    {"start": 20e-9, "stop": 34e-9, "thickness": 2.2e-9, "damping": {"steps": [0.4, 0.6]}},
    {
        "start": 12e-9,
        "stop": 26e-9,
        "dmi_constant": -0.7e-3,
        "exchange_stiffness": 1.2e-11,
        "saturation_magnetization": 0.8e6,
    },
]
TIMES = (0.0, 0.3e-9, 0.6e-9, 0.85e-9)
"""Times of the maps in s: the start, one in the pulse, its end, and the end of the trace."""


def write_trace(folder, density=1.5e12, name="mine", sample=0, **changes):
    """Write a campaign with a device and a trace of it; return the job and the path of the trace.

    The wall is tilted and moves; changes are keys of the device.
    """
    own = TINY["devices"]["synapse"] | {"kind": "track", "track": TRACK, "wall": {"start": 24e-9}}
    data = copy.deepcopy(TINY) | {"material": UNLIKE, "devices": {name: own | changes}}
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(copy.deepcopy(data)))
    device = plan.parse(data).devices[name]
    job = pulse_job(device.of_sample(sample) if sample else device, density)
    recorder = Recorder(job)
    for number, time in enumerate(TIMES):
        bottom = (24 + 3 * number) * 1e-9
        recorder.record(time, tracks.placed_wall(job, bottom, bottom + 5e-9))
    trace = recorder.trace().assign_attrs(parameters=job.to_json(), backend="film")
    path = files.TRACE.format(device=name, current=f"{density / 1e12:.4f}")
    path = folder / (files.of_sample(path, sample) if sample else path)
    files.write_dataset(trace, path, "run", {})
    return job, path


def spun(film, seed=3):
    """Return a magnetisation without any order, (rows, columns, 3)."""
    m = np.random.default_rng(seed).normal(size=(*film.mask.shape, 3))
    return m / np.linalg.norm(m, axis=-1, keepdims=True) * film.mask[..., None]
