"""Intervals: bisection of the current density between pulses that end in different states."""


# a checkpoint: the next pulses depend on the states after those before
checkpoint interval_round:
    """The pulses of one round: the middle of each gap with different states at its ends."""
    input:
        lambda w: refined_before(w, int(w.round) - 1),
    output:
        files.INTERVAL_ROUND,
    log:
        files.log_of(files.INTERVAL_ROUND),
    benchmark:
        files.benchmark_of(files.INTERVAL_ROUND)
    wildcard_constraints:
        device=one_of(campaign.intervals),
    localrule: True
    params:
        job=lambda w: jobs.intervals_job(
            campaign.devices[w.device], campaign.intervals[w.device]
        ).to_json(),
        traces=lambda w: plan.folder(files.TRACE, w.device),
        refined=lambda w: plan.folder(files.INTERVAL_TRACE, w.device),
        revision=revisions.of("devices"),
    shell:
        # the job grows with the sweep, and the length of an argument is limited
        "wallnet interval-round --job - --round {wildcards.round} --traces {params.traces:q}"
        " --refined {params.refined:q} --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


rule interval_trace:
    """One current pulse of a round on one device, then relaxation."""
    input:
        initial=files.INITIAL,
    output:
        files.INTERVAL_TRACE,
    log:
        files.log_of(files.INTERVAL_TRACE),
    benchmark:
        files.benchmark_of(files.INTERVAL_TRACE)
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


rule device_intervals:
    """The intervals of current density that end in each state."""
    input:
        rounds=lambda w: plan.round_paths(campaign, w.device),
        traces=lambda w: refined_before(w, len(plan.round_paths(campaign, w.device))),
    output:
        files.INTERVALS,
    log:
        files.log_of(files.INTERVALS),
    benchmark:
        files.benchmark_of(files.INTERVALS)
    wildcard_constraints:
        device=one_of(campaign.intervals),
    localrule: True
    params:
        job=lambda w: jobs.intervals_job(
            campaign.devices[w.device], campaign.intervals[w.device]
        ).to_json(),
        rounds=lambda w: len(plan.round_paths(campaign, w.device)),
        traces=lambda w: plan.folder(files.TRACE, w.device),
        refined=lambda w: plan.folder(files.INTERVAL_TRACE, w.device),
        revision=revisions.of("devices"),
    shell:
        "wallnet intervals --job - --round {params.rounds:q} --traces {params.traces:q}"
        " --refined {params.refined:q} --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


rule interval_report:
    """The intervals of a device, as tables and as a figure."""
    input:
        files.INTERVALS,
    output:
        csv=filled(files.INTERVALS_TABLE, suffix=".csv"),
        markdown=filled(files.INTERVALS_TABLE, suffix=".md"),
        html=report(
            filled(files.INTERVALS_TABLE, suffix=".html"),
            caption="../report/intervals-table.rst",
            category="Devices",
            labels={"result": "{device}: table of intervals"},
        ),
        png=report(
            png(files.INTERVALS_FIGURE, "edges"),
            caption="../report/intervals-edges.rst",
            category="Devices",
            labels={"result": "{device}: intervals of current density"},
        ),
        vector=vector(files.INTERVALS_FIGURE, "edges"),
        data=figure_data(files.INTERVALS_FIGURE, "edges"),
    log:
        files.log_of(filled(files.INTERVALS_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.INTERVALS_TABLE, suffix=".csv"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet interval-report --intervals {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
