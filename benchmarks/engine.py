"""Time the embedded engine and, if they are installed, OOMMF and magnum.np in one run.

    python benchmarks/engine.py [--synapse 1.0] [--neuron 0.2] [--magnum 0.02]
                                [--against FOLDER]
    python benchmarks/engine.py --temperature 300 [--synapse 1.0] [--oommf 0.02]

Times are in ns of a pulse with the campaign's settings. `--against` adds the engine of another
checkout. Each calculator runs in a separate process with one thread, one after the other. The table
contains processor seconds per simulated nanosecond, without the start; field evaluations; the
deviation of <m> from the engine without approximations; and the peak memory of the process. A
profile of the engine's time and the least time for its bytes and operations follow. OOMMF does not
run as root.

`--temperature` times the engine, and OOMMF for `--oommf` ns, at a temperature in K instead, each at
its longest step at which no mode deviates from its energy by more than 2 % (engine) or 3 % (OOMMF).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from wallnet import jobs
from wallnet.jobs.film import check

ROOT = Path(__file__).parents[1]
CASES = {"synapse-5": 0.65e12, "neuron": 0.30e12}
AT_TEMPERATURE = {
    "synapse-5": [],
    "track": ["track.length=519e-9", "track.width=72e-9"],
}
"""Devices that are timed at a temperature, with what differs from config.yaml."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "DUCC0_NUM_THREADS")


def job_of(device: str, nanoseconds: float, calculator: str, exact: bool = False, more=()):
    from wallnet import config

    changes = [
        *more,
        f"pulse.duration={nanoseconds * 1e-9}",
        f"output.interval={min(20e-12, nanoseconds * 1e-9)}",
        "output.snapshot_interval=1.0e-9",
        f"calculator={'oommf' if calculator == 'oommf' else 'film'}",
    ]
    if exact:
        changes += [
            "film.stray_field_tolerance=1.0e-6",
            "film.frozen_change=0",
            "film.time_step_fraction=0.4",
        ]
    job = jobs.pulse_job(
        config.load_device(ROOT / "config.yaml", device, check, changes), CASES.get(device, 0.65e12)
    )
    # the configuration refuses a device without a relaxation that blocks like `transitions` need
    step = job.step.model_copy(update={"pause": 0.0})
    return job.model_copy(update={"steps": (step,)})


def processor() -> float:
    """Return processor seconds of this process and of its finished child processes."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def averages_of_wallnet(job) -> dict:
    from wallnet import simulate

    trace = simulate.simulate(job)
    return {
        "averages": trace["m"].values.tolist(),
        "evaluations": int(trace.attrs.get("field_evaluations") or 0),
    }


def averages_of_magnumnp(job) -> dict:
    """Run the same pulse in magnum.np, 64-bit, with the default Runge-Kutta-Fehlberg solver."""
    import numpy as np
    import torch

    os.environ["TORCHDYNAMO_DISABLE"] = "1"
    torch.set_num_threads(1)
    import magnumnp

    from wallnet import tracks
    from wallnet.tracks.geometry import magnetic_mask

    track, material = job.track, job.material
    magnumnp.common.constants.gamma = material.gyromagnetic_ratio
    mask = magnetic_mask(track)
    rows, columns = mask.shape
    mesh = magnumnp.Mesh((columns, rows, 1), (track.cell_size, track.cell_size, track.thickness))
    state = magnumnp.State(mesh)
    inside = torch.as_tensor(mask.T[:, :, None, None].astype(float))

    def field(value):
        return inside * value

    state.material = {
        "Ms": field(material.saturation_magnetization),
        "A": field(material.exchange_stiffness),
        "Di": field(-material.dmi_constant),  # the opposite sign, measured term by term
        "Ku": field(material.uniaxial_anisotropy),
        "Ku_axis": [0.0, 0.0, 1.0],
        "alpha": material.damping,
        "P": material.polarization,
        "Lambda": material.slonczewski_lambda,
        "epsilon_prime": 0.0,
        "J": job.current_density,
        "mp": list(map(float, tracks.SPIN_DIRECTION)),
        "d": track.thickness,
    }
    placement = job.placement
    start = tracks.placed_wall(job, placement.bottom, placement.top)
    start = np.where(mask[..., None], start, 0.0)
    state.m = torch.as_tensor(start.transpose(1, 0, 2)[:, :, None, :].copy())
    terms = [
        magnumnp.ExchangeField(),
        magnumnp.InterfaceDMIField(),
        magnumnp.UniaxialAnisotropyField(),
        magnumnp.DemagField(),
        magnumnp.SpinTorqueSlonczewski(),
    ]
    solver = magnumnp.LLGSolver(terms)
    evaluations, evaluate = 0, solver._solver._f

    def counted(*arguments, **keywords):
        nonlocal evaluations
        evaluations += 1
        return evaluate(*arguments, **keywords)

    solver._solver._f = counted

    def average():
        return (state.m.sum(dim=(0, 1, 2)) / inside.sum()).tolist()

    averages = [average()]
    for _ in range(round(job.pulse_end / job.output.interval)):
        solver.step(state, job.output.interval)
        averages.append(average())
    return {"averages": averages, "evaluations": evaluations}


def profile(job) -> dict[str, float]:
    """Return processor seconds of the engine's parts and the least that the method needs."""
    import numpy as np
    from ducc0 import fft

    from wallnet import simulate
    from wallnet.film import core

    spent = dict.fromkeys(("_integrate", "_sample", "_renew", "_watch", "advance"), 0.0)

    def timing(name):
        inner = getattr(core.Engine, name)

        def outer(*arguments):
            before = time.perf_counter()
            result = inner(*arguments)
            spent[name] += time.perf_counter() - before
            return result

        return outer

    for name in spent:
        setattr(core.Engine, name, timing(name))
    engines = []
    make = core.Engine.__init__
    core.Engine.__init__ = lambda engine, *a, **k: (make(engine, *a, **k), engines.append(engine))[
        0
    ]
    simulate.simulate(job)
    engine = engines[-1]
    rows = engine.mask.shape[0]
    counters = engine.counters
    cell_stages = counters.column_steps * rows * len(engine._chain)
    # least traffic of a stage: read m, start, slow field and weight, write the next stage
    source, target = (np.ones(3 * rows * 180, dtype=np.float32) for _ in range(2))
    before = time.perf_counter()
    for _ in range(200):
        np.copyto(target, source)
    copied = 200 * 2 * source.nbytes / (time.perf_counter() - before)

    def transforms(stray):
        """Return the time of the transforms of one field in s."""
        real = np.zeros((3, rows, stray.padded[1]), dtype=np.float32)
        half = np.zeros((3, stray.padded[0], stray.padded[1] // 2 + 1), np.complex64)
        before = time.perf_counter()
        for _ in range(20):
            fft.r2c(real, axes=(2,), out=half[:, :rows])
            fft.c2c(half, axes=(1,), out=half)
            fft.c2c(half, axes=(1,), forward=False, out=half)
            fft.c2r(half[:, :rows], axes=(2,), lastsize=real.shape[2], forward=False, out=real)
        return (time.perf_counter() - before) / 20

    least = counters.stray_field_renewals * transforms(engine._stray)
    if windows := engine._stray._narrower:
        # of the window whose width is in the middle of those used
        least += counters.window_renewals * transforms(windows[sorted(windows)[len(windows) // 2]])
    return {
        "inner loops": spent["_integrate"],
        "stray field": spent["_sample"],
        "error of extrapolation": spent["_renew"] - spent["_sample"],
        "looking at resting columns": spent["_watch"],
        "rest": spent["advance"] - spent["_integrate"] - spent["_renew"] - spent["_watch"],
        "floor, inner loops: 64 bytes a cell and stage from the cache": cell_stages * 64 / copied,
        "floor, stray field: the bare transforms": least,
        "cell stages": float(cell_stages),
        "renewals of the whole film": float(counters.stray_field_renewals),
        "renewals of a window": float(counters.window_renewals),
        "followed columns": counters.column_steps / counters.steps,
    }


def one(what: str, device: str, nanoseconds: float) -> None:
    """Do one run and print its result; called in a separate process."""
    calculator = "oommf" if what == "oommf" else "film"
    run = averages_of_magnumnp if what == "magnum.np" else averages_of_wallnet
    if what == "profile":
        averages_of_wallnet(job_of(device, 0.02, "film"))
        print(json.dumps(profile(job_of(device, nanoseconds, "film"))))
        return
    # subtract the time for starting, loading and a first piece of the simulation
    short = min(0.02, nanoseconds / 4)
    averages_of = job_of(device, short, calculator, what == "exact")
    run(averages_of)
    begin = processor()
    run(averages_of)
    middle = processor()
    numbers = run(job_of(device, nanoseconds, calculator, what == "exact"))
    seconds = (processor() - middle) - (middle - begin)
    numbers["seconds_per_ns"] = seconds / (nanoseconds - short)
    memory = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, -1)]
    numbers["memory_mib"] = (memory[1] if what == "oommf" else memory[0]) / 1024
    print(json.dumps(numbers))


def at_temperature(temperature: float, device: str, nanoseconds: float, oommf: float) -> None:
    """Print the processor times of the engine and of OOMMF alone at a temperature."""
    from wallnet import simulate
    from wallnet.jobs.film import torque_of
    from wallnet.simulate import oommf
    from wallnet.simulate.drives import drives
    from wallnet.simulate.embedded import engine_of
    from wallnet.simulate.oommf import session
    from wallnet.simulate.registry import check

    more = (*AT_TEMPERATURE[device], f"temperature.ambient={temperature}")
    job = job_of(device, nanoseconds, "film", more=more)
    engine = engine_of(job, job.calculator)
    start = simulate.initialized(job)
    engine.magnetization = start
    engine.set_torque(torque_of(job.material, job.current_density))
    engine.advance(job.output.interval)
    warm, counted = engine.time, engine.counters.steps
    begin = processor()
    while engine.time < warm + nanoseconds * 1e-9 * (1 - 1e-9):
        engine.advance(job.output.interval)
    spent = (processor() - begin) / nanoseconds
    step = (engine.time - warm) / (engine.counters.steps - counted)
    rows, columns = engine.mask.shape
    film = f"{device}, {columns} × {rows} cells at {temperature:g} K"
    print(f"{film}: engine, {step * 1e12:.2g} ps a step: {spent:.2f} CPU s per ns", flush=True)
    try:
        check("oommf", {}, ["temperature"] if temperature else [])
    except simulate.SimulationError as error:
        print(f"without OOMMF: {error}", file=sys.stderr)
        return
    times = {}
    # subtract the time for starting
    for duration in (oommf / 4, oommf):
        job = job_of(device, duration, "oommf", more=more)
        (drive,) = drives(job)
        begin = processor()
        with session.opened(1) as opened:
            for _ in oommf.states(opened, job, drive, start):
                pass
        times[duration] = processor() - begin
    theirs = (times[oommf] - times[oommf / 4]) / (0.75 * oommf)
    print(
        f"{film}: OOMMF, {oommf.time_step(job, drive) * 1e12:.2g} ps a step: {theirs:.1f} CPU s "
        f"per ns, {theirs / spent:.0f} times as many"
    )


def measure(what: str, device: str, nanoseconds: float, source: Path = ROOT / "src") -> dict:
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "TORCHDYNAMO_DISABLE": "1"}
    environment["PYTHONPATH"] = str(source)
    command = [sys.executable, __file__, "--one", what, device, str(nanoseconds)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(f"{what} failed on {device}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def start_of_a_job() -> float:
    """Return processor seconds from the start of Python to the first step, with cached code."""
    program = (
        "import engine; from wallnet.simulate import "
        "embedded, recorder; from wallnet import simulate, tracks; job = "
        "engine.job_of('synapse-5', 0.001, 'film'); simulate.simulate(job)"
    )
    command = [sys.executable, "-c", program]
    before = processor()
    for _ in range(3):
        subprocess.run(command, check=True, cwd=Path(__file__).parent)
    return (processor() - before) / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--synapse", type=float, default=1.0)
    parser.add_argument("--neuron", type=float, default=0.2)
    parser.add_argument("--magnum", type=float, default=0.02)
    parser.add_argument("--against", type=Path, help="another checkout")
    parser.add_argument("--temperature", type=float, help="in K: time both at it")
    parser.add_argument("--oommf", type=float, default=0.02, help="ns of OOMMF at a temperature")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one[0], arguments.one[1], float(arguments.one[2]))
        return
    if arguments.temperature:
        os.environ.update(dict.fromkeys(THREADS, "1"))
        for device in AT_TEMPERATURE:
            at_temperature(arguments.temperature, device, arguments.synapse, arguments.oommf)
        return

    import numpy as np

    from wallnet.simulate.calculator import SimulationError
    from wallnet.simulate.registry import check

    sources = {"film": ROOT / "src"}
    if arguments.against:
        sources["film before"] = arguments.against / "src"
    calculators = list(sources)
    try:
        check("oommf", {})
        calculators.append("oommf")
    except SimulationError as error:
        print(f"without OOMMF: {error}", file=sys.stderr)
    if find_spec("magnumnp"):
        calculators.append("magnum.np")
    else:
        print("without magnum.np: it is not installed", file=sys.stderr)
    lines = [
        "| track | calculator | ns | CPU s per ns | ratio | evaluations per ns "
        "| deviation of \\<m> | MiB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    details = []
    for device, density in CASES.items():
        longest = arguments.synapse if device.startswith("synapse") else arguments.neuron
        exact = np.array(measure("exact", device, longest)["averages"])
        seconds = {}
        for calculator in calculators:
            duration = arguments.magnum if calculator == "magnum.np" else longest
            what = "film" if calculator in sources else calculator
            numbers = measure(what, device, duration, sources.get(calculator, ROOT / "src"))
            seconds[calculator] = numbers["seconds_per_ns"]
            averages = np.array(numbers["averages"])
            deviation = np.abs(averages - exact[: len(averages)]).max()
            lines.append(
                f"| {device}, J = {density / 1e12:.2f}e12 A/m² | {calculator} | {duration:g} "
                f"| {seconds[calculator]:.2f} | {seconds[calculator] / seconds['film']:.0f} "
                f"| {numbers['evaluations'] / duration:.0f} | {deviation:.1e} "
                f"| {numbers['memory_mib']:.0f} |"
            )
            print(lines[-1], file=sys.stderr, flush=True)
        details += [
            f"| {device} | {k} | {v:.4g} |" for k, v in measure("profile", device, longest).items()
        ]
    lines += ["", f"Start of a job to its first step: {start_of_a_job():.2f} CPU s."]
    lines += [
        "",
        "| track | part of the engine's time | s, or number |",
        "|---|---|---:|",
        *details,
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
