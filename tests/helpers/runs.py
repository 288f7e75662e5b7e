"""Runs that differ from those of devices."""


def with_step(run, **changes):
    """Return a run with other values of its first step."""
    step = run.step.model_copy(update=changes)
    return run.model_copy(update={"steps": (step, *run.steps[1:])})
