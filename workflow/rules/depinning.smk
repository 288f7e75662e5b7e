"""Depinning: pulses on walls that rest at one notch, and how long walls of the sweep dwell there."""


# a checkpoint: the next pulses depend on which of those before depin a wall
checkpoint depinning_round:
    """The pulses of one round: both limits, then the middle of each gap with a threshold."""
    input:
        lambda w: freed_before(w, int(w.round) - 1),
    output:
        files.DEPINNING_ROUND,
    log:
        files.log_of(files.DEPINNING_ROUND),
    benchmark:
        files.benchmark_of(files.DEPINNING_ROUND)
    wildcard_constraints:
        device=one_of(campaign.depinning),
    localrule: True
    params:
        job=depinning_job,
        freed=lambda w: plan.folder(files.DEPINNING_ROUND, w.device),
        revision=revisions.of("devices"),
    shell:
        # the job grows with the sweep, and the length of an argument is limited
        "wallnet depinning-round --job - --round {wildcards.round} --freed {params.freed:q}"
        " --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


rule device_depinning:
    """The thresholds of all notches of a device, and the dwell times of its sweep."""
    input:
        rounds=lambda w: plan.depinning_round_paths(campaign, w.device),
        freed=lambda w: freed_before(
            w, len(plan.depinning_round_paths(campaign, w.device))
        ),
        traces=lambda w: plan.trace_paths(w.device, campaign.devices[w.device]),
    output:
        files.DEPINNING,
    log:
        files.log_of(files.DEPINNING),
    benchmark:
        files.benchmark_of(files.DEPINNING)
    wildcard_constraints:
        device=one_of(campaign.depinning),
    localrule: True
    params:
        job=depinning_job,
        rounds=lambda w: len(plan.depinning_round_paths(campaign, w.device)),
        traces=lambda w: plan.folder(files.TRACE, w.device),
        freed=lambda w: plan.folder(files.DEPINNING_ROUND, w.device),
        revision=revisions.of("devices"),
    shell:
        "wallnet depinning --job - --round {params.rounds:q} --traces {params.traces:q}"
        " --freed {params.freed:q} --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


rule depinning_report:
    """The thresholds and dwell times of a device, as tables and as a figure."""
    input:
        files.DEPINNING,
    output:
        csv=filled(files.DEPINNING_TABLE, suffix=".csv"),
        markdown=filled(files.DEPINNING_TABLE, suffix=".md"),
        html=report(
            filled(files.DEPINNING_TABLE, suffix=".html"),
            caption="../report/depinning-table.rst",
            category="Devices",
            labels={"result": "{device}: table of depinning"},
        ),
        png=report(
            png(files.DEPINNING_FIGURE, "thresholds"),
            caption="../report/depinning-thresholds.rst",
            category="Devices",
            labels={"result": "{device}: depinning from each notch"},
        ),
        vector=vector(files.DEPINNING_FIGURE, "thresholds"),
        data=figure_data(files.DEPINNING_FIGURE, "thresholds"),
    log:
        files.log_of(filled(files.DEPINNING_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.DEPINNING_TABLE, suffix=".csv"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet depinning-report --depinning {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
