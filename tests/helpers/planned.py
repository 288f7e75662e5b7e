"""Jobs that Snakemake plans, with everything that their rules give them."""

import json
import sys

from helpers import forked
from helpers.small_campaign import ROOT

SHOW_JOBS = """
import json, os, sys

from snakemake import cli, workflow
from snakemake.io import is_flagged

build = workflow.Workflow._build_dag


def show(self):
    build(self)
    jobs = [
        {
            "rule": job.rule.name,
            "checkpoint": job.is_checkpoint,
            "wildcards": dict(job.wildcards.items()),
            "input": list(map(str, job.input)),
            "ancient": [str(path) for path in job.input if is_flagged(path, "ancient")],
            "output": list(map(str, job.output)),
            "log": list(map(str, job.log)),
            "benchmark": job.benchmark and str(job.benchmark),
            "params": {k: v if isinstance(v, str) else list(v) if isinstance(v, (list, tuple))
                       else v for k, v in job.params.items()},
            "threads": job.threads,
            "resources": [job.resources.get(name) for name in ("mem_mb", "runtime")],
            "environment": job.conda_env_spec
            and os.path.basename(str(job.conda_env_spec.file.get_path_or_uri(secret_free=True))),
            "command": job.shellcmd,
            "template": job.rule.shellcmd,
        }
        for job in self.dag.jobs
    ]
    with open(os.environ["SHOW_FILE"], "w") as stream:
        json.dump(jobs, stream)
    sys.exit(0)


workflow.Workflow._build_dag = show
cli.main(sys.argv[1:])
"""


def planned_jobs(folder, targets, code=""):
    """Return all jobs of a dry run, before which `code` is executed."""
    variables = {"SHOW_FILE": str(folder / "jobs.json")}
    script = f"{code}\n{SHOW_JOBS}"
    command = [sys.executable, "-c", script, "--snakefile", ROOT / "Snakefile", "--dry-run"]
    command += ["--directory", folder, "--cores", "8", "--quiet", "all", "--", *targets]
    done = forked.run(list(map(str, command)), variables, folder)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "jobs.json").read_text())
