"""All computations of devices: one body for each kind of request, under the name of the kind.

Each path has its request (`plan.requests.Requested`), which names its parameters, its inputs and its
command. Snakemake evaluates functions after the loop, so a function receives its kind as a default
argument.
"""

from wallnet.config.declarations import PACKAGED

requested = plan.requests.Requested(campaign)

if main_process:
    checked(requested.check)


def request(wildcards):
    """Return the request of a result; end the run with one sentence if there is none."""
    try:
        return requested[f"{files.RESULTS}/{wildcards.result}.nc"]
    except ConfigError as error:
        # with any other exception, Snakemake prints a traceback of this function
        logger.error(str(error))
        sys.exit(1)


def computed(wildcards):
    """Return what a request computes; a job on a cluster reads its user-defined class first."""
    job = request(wildcards).computes
    if not main_process and job.calculator_name not in PACKAGED:
        from wallnet.simulate.registry import class_of

        checked(class_of, job.calculator_name)
    return job


relaxing = any(device.wall.relaxation for device in campaign.simulated.values())

for kind in plan.requests.KINDS:

    rule:
        """One computation of a device: a state, pulses, a minimum or a path between two minima."""
        name:
            kind
        input:
            lambda w: list(request(w).after),
        output:
            # a job of several runs computes those that are not yet in its file
            (update if kind == "run" else str)(f"{files.RESULTS}/{{result}}.nc"),
        log:
            f"{files.RESULTS}/logs/{{result}}.log",
        benchmark:
            f"{files.RESULTS}/benchmarks/{{result}}.tsv"
        wildcard_constraints:
            result=plan.requests.pattern_of(kind),
        # an initial state takes seconds, unless a wall relaxes first
        localrule: kind == "initial" and not relaxing
        conda:
            lambda w: f"../envs/{name}.yaml" if (name := request(w).software) else None
        threads: lambda w: computed(w).threads
        resources:
            mem_mb=lambda w, attempt: attempt * computed(w).memory,
            runtime=lambda w, attempt: attempt * computed(w).runtime,
        params:
            command=lambda w: request(w).command,
            job=lambda w: request(w).computes.to_json(),
            revision=lambda w: request(w).revision,
        shell:
            # the job grows with a train, and the length of an argument is limited
            "OOMMF_THREADS={threads} wallnet {params.command:q} --job - --out {output:q}"
            " <<< {params.job:q} > {log:q} 2>&1"
