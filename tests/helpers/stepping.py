"""Steps of runs, one by one, for tests that take the place of the simulation of steps."""

from wallnet.simulate import SimulationError
from wallnet.simulate.step import StepOfRun


def one_by(simulate_steps):
    """Return a function that simulates one step with one that simulates several."""

    def simulate_step(*step):
        (trace,) = simulate_steps([StepOfRun(*step)])
        if isinstance(trace, SimulationError):
            raise trace
        return trace

    return simulate_step


def all_by(simulate_step):
    """Return a function that simulates several steps with one that simulates one."""

    def simulate_steps(steps):
        traces = []
        for step in steps:
            try:
                traces.append(simulate_step(*step))
            except SimulationError as error:
                traces.append(error)
        return traces

    return simulate_steps
