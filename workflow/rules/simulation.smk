"""Initial states, pulses and levels: one simulation per job, with the calculator of its device."""


rule initial:
    """The state from which all pulses of a device start."""
    output:
        files.INITIAL,
    log:
        files.log_of(files.INITIAL),
    benchmark:
        files.benchmark_of(files.INITIAL)
    # takes seconds, unless a wall relaxes first
    localrule: not any(d.wall.relaxation for d in campaign.simulated.values())
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.initial_job(campaign.devices[w.device]).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet initial --job {params.job:q} --out {output:q} 2> {log:q}"


rule trace:
    """One current pulse on one device, then relaxation."""
    input:
        initial=files.INITIAL,
    output:
        files.TRACE,
    log:
        files.log_of(files.TRACE),
    benchmark:
        files.benchmark_of(files.TRACE)
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.pulse_job(
            campaign.devices[w.device], configuration.parse_current(w.current)
        ).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --initial {input.initial:q}"
        " --out {output:q} > {log:q} 2>&1"


rule level:
    """A wall initialised in one of the states of a synapse, and relaxed."""
    output:
        files.LEVEL,
    log:
        files.log_of(files.LEVEL),
    benchmark:
        files.benchmark_of(files.LEVEL)
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.level_job(campaign.devices[w.device], w.state).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --out {output:q}"
        " > {log:q} 2>&1"
