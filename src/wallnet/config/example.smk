"""The campaign of the config.yaml in this folder, by the workflow of the installed wallnet."""

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
