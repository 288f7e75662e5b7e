"""Commands of `wallnet` that compute requests: states, pulses, minima and paths between them."""

import argparse
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from wallnet import files, simulate
from wallnet.config import ConfigError, load_device
from wallnet.config.pulse import parse_current_density
from wallnet.files.datasets import kind_of
from wallnet.jobs import Run, pulse_job
from wallnet.jobs.code import FOLDER
from wallnet.jobs.energy_path import EnergyPath, Minima
from wallnet.simulate.calculator import path_beside
from wallnet.simulate.pulse_trains import run_pulse_train, unfinished
from wallnet.tracks.regions import check
from wallnet.tracks.states import States

if TYPE_CHECKING:
    import xarray


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `initial`, `simulate`, `minima` and `barrier` to the command line."""
    for name, handler, text in (
        ("initial", _initial, "compute the initial state of a device"),
        ("simulate", _simulate, "run pulses, given as JSON or as a device of a configuration"),
        ("minima", _minima, "find the minima of the energy from walls placed in all states"),
        ("barrier", _barrier, "compute the path of least energy between two states of a wall"),
    ):
        command = subparsers.add_parser(name, help=text, description=text)
        text = "canonical JSON of the job; - for standard input"
        command.add_argument("--job", required=name != "simulate", help=text)
        text = "the initial state of pulses, or a trace with it as its end; then minima"
        command.add_argument("--after", nargs="*", default=[], help=text)
        command.add_argument("--out", required=True, help="netCDF file to write")
        command.set_defaults(handler=handler)
    command = subparsers.choices["simulate"]
    command.add_argument("--config", help="configuration file (with --device)")
    command.add_argument("--device", help="a device of the configuration")
    command.add_argument("--current-density", help="in A/m², such as 0.5e12 (with --device)")
    text = "change a key of the device, such as material.damping=0.2; may be repeated"
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)


def _initial(arguments: argparse.Namespace) -> None:
    job = Run.from_json(files.given_text(arguments.job))
    _keep(simulate.initial_state(job, arguments.out), arguments.out, "initial")


def _keep(dataset: "xarray.Dataset", path: str, kind: str) -> None:
    """Write a result, after which its checkpoint and finished pulses are of no use."""
    files.write_dataset(dataset, path, kind, {})
    path_beside(path).unlink(missing_ok=True)
    shutil.rmtree(unfinished(path), ignore_errors=True)


def _simulate(arguments: argparse.Namespace) -> None:
    if arguments.job:
        job = Run.from_json(files.given_text(arguments.job))
    elif arguments.config and arguments.device and arguments.current_density:
        os.environ[FOLDER] = str(Path(arguments.config).parent.absolute())
        device = load_device(arguments.config, arguments.device, check, arguments.set)
        job = pulse_job(device, parse_current_density(arguments.current_density))
    else:
        raise ConfigError("give --config, --device and --current-density, or --job")
    start = _stored_state(arguments.after[0]) if arguments.after else None
    with simulate.progress_bar(job.longest, output=arguments.out) as progress:
        if job.kind == "trace":
            trace = simulate.simulate(job, start, progress, arguments.out)
            _keep(trace, arguments.out, "trace")
            settled = {1: "settled", 0: "NOT settled", -1: "read while moving"}
            ends = (trace[f"wall_{end}"].values[-1] for end in ("bottom", "top"))
            print(
                f"{arguments.out}: {settled[trace.attrs['settled']]}; {_wall(*ends)} "
                f"after {trace['time'].values[-1] * 1e9:.2f} ns; {trace.attrs['wall_time']:.1f} s"
            )
            return
        if start is None:
            raise ConfigError("a train of pulses starts from a state; give --after")
        minima = [files.read_dataset(path, "minima") for path in arguments.after[1:]]
        states = States.of(minima[0]) if minima else None
        trace = run_pulse_train(job, start, progress, arguments.out, states)
    _keep(trace, arguments.out, "ensemble" if job.replicas else "train")
    print(f"{arguments.out}: {trace['pulse'].size - 1} pulses")


def _wall(bottom: float, top: float) -> str:
    """Return where a wall is, given its ends in m."""
    return f"wall at {bottom * 1e9:.1f} nm (lower edge), {top * 1e9:.1f} nm (upper edge)"


def _stored_state(path: str) -> "xarray.Dataset":
    """Return the initial state of a file, or the last state of a trace."""
    if kind_of(path) == "trace":
        trace = files.read_dataset(path, "trace", only=("magnetization", "x", "y"))
        return simulate.state_of(trace)
    return files.read_dataset(path, "initial")


def _minima(arguments: argparse.Namespace) -> None:
    from wallnet.simulate.energy_path import find_minima

    minima = find_minima(Minima.from_json(files.given_text(arguments.job)))
    files.write_dataset(minima, arguments.out, "minima", {})
    for placed in minima["placed"].values:
        one = minima.sel(placed=placed)
        outcome = "minimum" if one["minimum_converged"] else "no minimum"
        print(
            f"{placed}: {outcome}, {one['minimum_state'].item()}; "
            f"{_wall(one['minimum_wall_bottom'].item(), one['minimum_wall_top'].item())}; "
            f"{one['minimum_energy'].item():.6g} J, "
            f"{one['minimum_residual_field'].item():.3g} A/m"
        )


def _barrier(arguments: argparse.Namespace) -> None:
    from wallnet.simulate.energy_path import find_barrier

    minima = files.read_dataset(arguments.after[0], "minima")
    barrier = find_barrier(EnergyPath.from_json(files.given_text(arguments.job)), minima)
    files.write_dataset(barrier, arguments.out, "barrier", {})
    outcome = barrier.attrs["reason"] or barrier.attrs["route"]
    print(
        f"{arguments.out}: {barrier['barrier_forward'].item():.4g} J forwards, "
        f"{barrier['barrier_backward'].item():.4g} J backwards; {outcome}"
    )
