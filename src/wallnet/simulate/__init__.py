"""Simulation of a wall on a track with the chosen calculator, from a run to its result.

Later stages do not depend on the calculator of a result.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from wallnet.files.progress import Progress, noted_progress
from wallnet.simulate.calculator import SimulationError
from wallnet.simulate.runs import end_of, finished_runs, simulate, simulate_block, unfinished


@contextmanager
def progress_bar(
    longest: float, shown: bool | None = None, output: str | Path | None = None
) -> Iterator[Progress]:
    """Show the simulated time as a progress bar, and note it beside the output.

    It yields a function of the simulated time in s, which is at most `longest`. If not `shown` or
    hidden, the bar is shown on a terminal, and nothing is written to a log. What is noted beside
    the output is for the display of the workflow.
    """
    if shown is None:
        from tqdm import tqdm
    else:  # the next line imports asyncio, which only a notebook needs
        from tqdm.auto import tqdm
    disable = None if shown is None else not shown
    total = round(longest / 1e-9, 3)
    noted = noted_progress(output, longest) if output else nullcontext(lambda time: None)
    bar = tqdm(desc="simulated time", total=total, unit="ns", disable=disable, leave=False)
    with bar, noted as write:

        def reached(simulated: float) -> None:
            bar.update(round(simulated / 1e-9, 3) - bar.n)
            write(simulated)

        yield reached
