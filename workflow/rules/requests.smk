"""All computations of devices: one body for each kind of request, under the name of the kind.

Each path has its request (`plan.requests.Requested`), which names its parameters, its inputs and its
command. Snakemake evaluates functions after the loop, so a function receives its kind as a default
argument.
"""

requested = plan.requests.Requested(campaign)

if main_process:
    checked(requested.check)

# memory in MB and time in min, for the embedded engine and for OOMMF; a train needs 4 MB a pulse
NEEDED = {
    "initial": {"mem_mb": (800, 1000), "runtime": (15, 120)},
    "trace": {"mem_mb": (800, 1000), "runtime": (15, 120)},
    "level": {"mem_mb": (800, 1000), "runtime": (15, 120)},
    "pulse_train": {"mem_mb": (950, 1150), "runtime": (60, 600)},
    "ensemble": {"mem_mb": (1000, 1200), "runtime": (240, 2400)},
    "minimum": {"mem_mb": (800, 800), "runtime": (15, 15)},
    "barrier": {"mem_mb": (1500, 1500), "runtime": (60, 60)},
}


def request(wildcards):
    """Return the request of a result; end the run with one sentence if there is none."""
    try:
        return requested[f"{files.RESULTS}/{wildcards.result}.nc"]
    except ConfigError as error:
        # with any other exception, Snakemake prints a traceback of this function
        logger.error(str(error))
        sys.exit(1)


def needed(resource, kind):
    """Return a resource that grows with each attempt."""

    def asked(wildcards, attempt):
        found = request(wildcards)
        amount = NEEDED[kind][resource][found.calculator == "oommf"]
        pulses = (
            found.computes.pulses
            if (resource, kind) == ("mem_mb", "pulse_train")
            else 0
        )
        return attempt * (amount + 4 * pulses)

    return asked


relaxing = any(device.wall.relaxation for device in campaign.simulated.values())

for kind in plan.requests.KINDS:

    rule:
        """One computation of a device: a state, pulses, a minimum or a path between two minima."""
        name:
            kind
        input:
            lambda w: list(request(w).after),
        output:
            f"{files.RESULTS}/{{result}}.nc",
        log:
            f"{files.RESULTS}/logs/{{result}}.log",
        benchmark:
            f"{files.RESULTS}/benchmarks/{{result}}.tsv"
        wildcard_constraints:
            result=plan.requests.pattern_of(kind),
        # an initial state takes seconds, unless a wall relaxes first
        localrule: kind == "initial" and not relaxing
        conda:
            lambda w: "../envs/oommf.yaml" if request(w).calculator == "oommf" else None
        threads: lambda w: request(w).computes.threads
        resources:
            mem_mb=needed("mem_mb", kind),
            runtime=needed("runtime", kind),
        params:
            command=lambda w: request(w).command,
            job=lambda w: request(w).computes.to_json(),
            revision=lambda w: request(w).revision,
        shell:
            # the job grows with a train, and the length of an argument is limited
            "OOMMF_THREADS={threads} wallnet {params.command:q} --job - --out {output:q}"
            " <<< {params.job:q} > {log:q} 2>&1"
