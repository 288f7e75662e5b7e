"""Errors that end a run in one sentence."""

from snakemake_interface_common.exceptions import WorkflowError

from wallnet.errors import UserError


def checked(function, *arguments):
    """Call a function; end the run with its sentence if something is wrong."""
    try:
        return function(*arguments)
    except UserError as error:
        raise WorkflowError(str(error)) from None
