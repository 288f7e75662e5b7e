"""Minima of the energy: where a wall stays for good, and not only for the time of a trace."""


rule minimum:
    """The energy, minimised on from a level, the initial state or the reversed track."""
    input:
        relaxed=lambda w: plan.relaxed_paths(w.device, w.state),
    output:
        files.MINIMUM,
    log:
        files.log_of(files.MINIMUM),
    benchmark:
        files.benchmark_of(files.MINIMUM)
    wildcard_constraints:
        state=r"\d+(-\d+)?|initial|reversed",
    resources:
        mem_mb=growing(800),
        runtime=growing(15),
    params:
        job=lambda w: jobs.minimum_job(campaign.devices[w.device], w.state).to_json(),
        relaxed=lambda w, input: ["--relaxed", *input.relaxed] if input.relaxed else [],
        revision=revisions.of("film"),
    shell:
        "wallnet minimum --job {params.job:q} {params.relaxed:q} --out {output:q} > {log:q} 2>&1"
