"""The command line, for rules and users."""

import argparse
import sys
from collections.abc import Sequence

from wallnet import __version__
from wallnet.config import ConfigError
from wallnet.files import FileError


def _parser() -> argparse.ArgumentParser:
    from wallnet import devices, plan, simulate, validation
    from wallnet.config import commands as configuration
    from wallnet.networks import commands as networks
    from wallnet.report import barriers as barrier_reports
    from wallnet.report import calibration as calibration_reports
    from wallnet.report import (
        crosscheck,
        depinning,
        device_tables,
        measured,
        parameters,
        programming,
        studies,
    )
    from wallnet.report import devices as device_figures
    from wallnet.report import intervals as interval_reports
    from wallnet.report import levels as level_reports
    from wallnet.report import networks as network_figures
    from wallnet.report import programs as program_reports
    from wallnet.report import transitions as transition_reports
    from wallnet.report import validation as validation_table
    from wallnet.report import windows as window_reports
    from wallnet.simulate import barriers, minima, oommf, programs, windows

    parser = argparse.ArgumentParser(prog="wallnet", description=__import__("wallnet").__doc__)
    parser.add_argument("--version", action="version", version=f"wallnet {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="command")
    stages = (
        simulate,
        oommf,
        programs,
        windows,
        minima,
        barriers,
        devices,
        networks,
        device_figures,
        device_tables,
        measured,
        program_reports,
        window_reports,
        transition_reports,
        interval_reports,
        barrier_reports,
        level_reports,
        calibration_reports,
        depinning,
        network_figures,
        programming,
        crosscheck,
        parameters,
        studies,
        validation,
        validation_table,
        plan,
        configuration,
    )
    for stage in stages:
        stage.register(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; report an error that a user can fix in one line, with exit code 1."""
    from wallnet.simulate import SimulationError

    parsed = _parser().parse_args(arguments)
    try:
        parsed.handler(parsed)
    except (ConfigError, FileError, SimulationError) as error:
        sys.exit(f"wallnet: {error}")
    except KeyboardInterrupt:
        sys.exit("wallnet: interrupted")


if __name__ == "__main__":
    main()
