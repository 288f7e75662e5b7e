"""Before the first job of a run: what it needs from around it, asked for once."""

import shutil

from snakemake.settings.types import DeploymentMethod


def check_folder(folder):
    """Refuse a run that could write nothing into a folder."""
    try:
        files.check_writable(folder)
    except files.FileError as error:
        raise WorkflowError(str(error)) from None


def check_scheduler():
    """Refuse a run through SLURM where there is none, before its first job is refused."""
    if workflow.executor_plugin.name == "slurm" and shutil.which("sbatch") is None:
        raise WorkflowError(
            "SLURM is not there: sbatch is not on PATH; start snakemake on a login node of the"
            " cluster (where SLURM is a module, load it first), or without --workflow-profile on"
            " the cores of this machine"
        )


def check_oommf():
    """Refuse a run that calls an OOMMF which does not run, unless Snakemake brings its own."""
    if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
        return
    if any(job.rule.name.endswith("_oommf") for job in workflow.dag.needrun_jobs()):
        from wallnet.simulate import oommf

        try:
            oommf.check()
        except oommf.OommfError as error:
            raise WorkflowError(str(error)) from None


# where Snakemake itself writes next, and would end in a traceback
own = Path.cwd() / ".snakemake"
check_folder(own if own.exists() else own.parent)


# Snakemake heeds one such block in all files
onstart:
    check_scheduler()
    check_oommf()
    if Path("results").exists():
        check_folder("results")
