"""Commands of `wallnet` that compute requests: runs, minima and paths between them."""

import argparse
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from wallnet import files, simulate
from wallnet.config import ConfigError, load_device
from wallnet.config.pulse import parse_current_density
from wallnet.files.schema import RUN
from wallnet.jobs import Run, pulse_job
from wallnet.jobs.block import Block, run_or_block
from wallnet.jobs.code import FOLDER
from wallnet.jobs.energy_path import EnergyPath, Minima
from wallnet.simulate.calculator import path_beside
from wallnet.simulate.runs import Start
from wallnet.tracks.regions import check
from wallnet.tracks.states import OF_OUTCOMES, States


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `simulate`, `minima` and `barrier` to the command line."""
    for name, handler, text in (
        ("simulate", _simulate, "run pulses, given as JSON or as a device of a configuration"),
        ("minima", _minima, "find the minima of the energy from walls placed in all states"),
        ("barrier", _barrier, "compute the path of least energy between two states of a wall"),
    ):
        command = subparsers.add_parser(name, help=text, description=text)
        text = "canonical JSON of the job; - for standard input"
        command.add_argument("--job", required=name != "simulate", help=text)
        text = (
            "a run from whose end this one starts; then minima; may be repeated for each of a block"
        )
        command.add_argument("--after", nargs="*", action="append", default=[], help=text)
        command.add_argument("--out", required=True, help="netCDF file to write")
        command.set_defaults(handler=handler)
    command = subparsers.choices["simulate"]
    command.add_argument("--config", help="configuration file (with --device)")
    command.add_argument("--device", help="a device of the configuration")
    command.add_argument("--current-density", help="in A/m², such as 0.5e12 (with --device)")
    text = "change a key of the device, such as material.damping=0.2; may be repeated"
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=text)


def _simulate(arguments: argparse.Namespace) -> None:
    job: Run | Block
    if arguments.job:
        job = run_or_block(files.given_text(arguments.job))
    elif arguments.config and arguments.device and arguments.current_density:
        os.environ[FOLDER] = str(Path(arguments.config).parent.absolute())
        device = load_device(arguments.config, arguments.device, check, arguments.set)
        job = pulse_job(device, parse_current_density(arguments.current_density))
    else:
        raise ConfigError("give --config, --device and --current-density, or --job")
    starts = [_start(paths) for paths in arguments.after or [[]]]
    with simulate.progress_bar(job.longest, output=arguments.out) as progress:
        if isinstance(job, Block):
            starts = starts * len(job.rows) if len(starts) == 1 else starts
            earlier = simulate.finished_runs(arguments.out)
            run = simulate.simulate_block(job, starts, progress, arguments.out, earlier)
        else:
            ((start, states),) = starts
            run = simulate.simulate(job, start, progress, arguments.out, states)
    files.write_dataset(run, arguments.out, "run", {})
    # its checkpoint and finished steps are of no use
    path_beside(arguments.out).unlink(missing_ok=True)
    shutil.rmtree(simulate.unfinished(arguments.out), ignore_errors=True)
    if RUN in run.dims or run.sizes["pulse"] != 2:
        runs, pulses = run.sizes.get(RUN, 1), run.sizes["pulse"] - 1
        print(f"{arguments.out}: {runs} runs, of {pulses} pulses at most")
        return
    settled = {1: "settled", 0: "NOT settled", -1: "read while moving"}
    bottom, top, _, rests = (run[name].values[-1].item() for name in OF_OUTCOMES)
    print(
        f"{arguments.out}: {settled[rests]}; {_wall(bottom, top)} "
        f"after {run['pause_end'].values[-1] * 1e9:.2f} ns; {run.attrs['wall_time']:.1f} s"
    )


def _start(paths: Sequence[str]) -> Start:
    """Return the run and the states with which a run starts, given the paths of run and minima."""
    start = files.read_maps(paths[0], ["magnetization"]) if paths else None
    return start, States.of(files.read_dataset(paths[1], "minima")) if paths[1:] else None


def _wall(bottom: float, top: float) -> str:
    """Return where a wall is, given its ends in m."""
    return f"wall at {bottom * 1e9:.1f} nm (lower edge), {top * 1e9:.1f} nm (upper edge)"


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

    minima = files.read_dataset(arguments.after[0][0], "minima")
    barrier = find_barrier(EnergyPath.from_json(files.given_text(arguments.job)), minima)
    files.write_dataset(barrier, arguments.out, "barrier", {})
    outcome = barrier.attrs["reason"] or barrier.attrs["route"]
    print(
        f"{arguments.out}: {barrier['barrier_forward'].item():.4g} J forwards, "
        f"{barrier['barrier_backward'].item():.4g} J backwards; {outcome}"
    )
