"""Calibration: a bounded search for parameters under which devices do what the paper states."""


# a checkpoint: the candidates of the second round depend on the results of the first
checkpoint calibration_round:
    """The candidates of one round: over the whole ranges, then around the best of these."""
    input:
        lambda w: calibrated_before(int(w.round) - 1),
    output:
        files.CALIBRATION_ROUND,
    log:
        files.log_of(files.CALIBRATION_ROUND),
    benchmark:
        files.benchmark_of(files.CALIBRATION_ROUND)
    localrule: True
    params:
        job=calibration_job,
        folder=lambda w: str(Path(files.CALIBRATION).parent),
        revision=revisions.of("devices"),
    shell:
        "wallnet calibration-round --job {params.job:q} --round {wildcards.round}"
        " --folder {params.folder:q} --out {output:q} > {log:q} 2>&1"


rule candidates:
    """The misfits of all candidates."""
    input:
        rounds=plan.calibration_round_paths(campaign),
        traces=lambda w: calibrated_before(campaign.calibration.rounds),
    output:
        files.CALIBRATION,
    log:
        files.log_of(files.CALIBRATION),
    benchmark:
        files.benchmark_of(files.CALIBRATION)
    localrule: True
    params:
        job=calibration_job,
        rounds=campaign.calibration.rounds,
        folder=lambda w: str(Path(files.CALIBRATION).parent),
        revision=revisions.of("devices"),
    shell:
        "wallnet calibration --job {params.job:q} --round {params.rounds}"
        " --folder {params.folder:q} --out {output:q} > {log:q} 2>&1"


rule calibration_report:
    """Candidates in the order of their misfit, as tables and as a figure."""
    input:
        files.CALIBRATION,
    output:
        csv=table("calibration"),
        markdown=table("calibration", ".md"),
        html=report(
            table("calibration", ".html"),
            caption="../report/calibration-table.rst",
            category="Devices",
            labels={"result": "calibration: candidates"},
        ),
        png=report(
            png(files.FIGURE, "calibration"),
            caption="../report/calibration.rst",
            category="Devices",
            labels={"result": "calibration: misfit against each parameter"},
        ),
        vector=vector(files.FIGURE, "calibration"),
        data=figure_data(files.FIGURE, "calibration"),
    log:
        files.log_of(table("calibration")),
    benchmark:
        files.benchmark_of(table("calibration"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet calibration-report --calibration {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
