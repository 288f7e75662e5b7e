"""All computations of devices: a rule for each kind of request.

Each path has its request (`plan.requests.Requested`), which names its parameters and the results
that it starts from. All kinds have the same parts, which `lookups.smk` finds by the path.
"""

RESULT = f"{files.RESULTS}/{{result}}.nc"


rule initial:
    """A wall that is initialised and may relax: the start of the others."""
    input:
        results_before,
    output:
        RESULT,
    log:
        files.log_of(RESULT),
    benchmark:
        files.benchmark_of(RESULT)
    wildcard_constraints:
        result=plan.requests.pattern_of("initial"),
    # it takes seconds, unless the wall relaxes first
    localrule: not any(device.wall.relaxation for device in campaign.simulated.values())
    conda:
        software
    threads: lambda w: computed(w).threads
    resources:
        mem_mb=memory,
        runtime=runtime,
    params:
        starts=lambda w: request(w).starts,
        job=lambda w: request(w).computes.to_json(),
        revision=lambda w: request(w).revision,
    shell:
        "OOMMF_THREADS={threads} wallnet simulate {params.starts:q} --job - --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


rule run:
    """A wall that relaxes, one pulse or a train of pulses; or a block of these."""
    input:
        results_before,
    output:
        # a block computes those of its runs that are not yet in its file
        update(RESULT),
    log:
        files.log_of(RESULT),
    benchmark:
        files.benchmark_of(RESULT)
    wildcard_constraints:
        result=plan.requests.pattern_of("run"),
    conda:
        software
    threads: lambda w: computed(w).threads
    resources:
        mem_mb=memory,
        runtime=runtime,
    params:
        starts=lambda w: request(w).starts,
        # the job grows with a train, and the length of an argument is limited
        job=lambda w: request(w).computes.to_json(),
        revision=lambda w: request(w).revision,
    shell:
        "OOMMF_THREADS={threads} wallnet simulate {params.starts:q} --job - --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


rule minima:
    """The minima of the energy next to walls that are initialised in all states."""
    input:
        results_before,
    output:
        RESULT,
    log:
        files.log_of(RESULT),
    benchmark:
        files.benchmark_of(RESULT)
    wildcard_constraints:
        result=plan.requests.pattern_of("minima"),
    threads: lambda w: computed(w).threads
    resources:
        mem_mb=memory,
        runtime=runtime,
    params:
        starts=lambda w: request(w).starts,
        job=lambda w: request(w).computes.to_json(),
        revision=lambda w: request(w).revision,
    shell:
        "wallnet minima {params.starts:q} --job - --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


rule barrier:
    """The path of least energy between two minima."""
    input:
        results_before,
    output:
        RESULT,
    log:
        files.log_of(RESULT),
    benchmark:
        files.benchmark_of(RESULT)
    wildcard_constraints:
        result=plan.requests.pattern_of("barrier"),
    threads: lambda w: computed(w).threads
    resources:
        mem_mb=memory,
        runtime=runtime,
    params:
        starts=lambda w: request(w).starts,
        job=lambda w: request(w).computes.to_json(),
        revision=lambda w: request(w).revision,
    shell:
        "wallnet barrier {params.starts:q} --job - --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"
