"""The campaign of the config.yaml in this folder, by the workflow of the installed wallnet."""

import os
import sys

# Snakemake searches this folder first for modules, so that Python would execute a json.py here
if sys.path[0] == os.path.dirname(workflow.snakefile):
    del sys.path[0]

try:
    from wallnet import workflow_path
except ImportError:
    raise WorkflowError(
        "wallnet is not installed for the Python that runs snakemake; activate the environment of"
        " wallnet, or install it there"
    ) from None


include: workflow_path()


# Snakemake does not take the default target from an included file
rule campaign:
    default_target: True
    input:
        rules.all.input,
