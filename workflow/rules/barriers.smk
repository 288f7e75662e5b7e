"""Barriers between the states of a synapse: one job a pair, and which states are retained.

They are targets of their own, since a path takes some 20 seconds to a minute of a core.
"""


rule barriers_of_device:
    """All barriers of a device, compared with the thermal energy."""
    input:
        minima=lambda w: plan.state_minima(w.device, campaign.devices[w.device]),
        pairs=lambda w: plan.barrier_paths(w.device, campaign.devices[w.device]),
    output:
        files.BARRIERS,
    log:
        files.log_of(files.BARRIERS),
    benchmark:
        files.benchmark_of(files.BARRIERS)
    localrule: True
    params:
        job=lambda w: jobs.barriers_job(
            campaign.devices[w.device], campaign.barriers
        ).to_json(),
        minima=lambda w: plan.folder(files.MINIMUM, w.device),
        pairs=lambda w: plan.folder(files.BARRIER, w.device),
        revision=revisions.of("devices"),
    shell:
        "wallnet barriers --job {params.job:q} --minima {params.minima:q}"
        " --pairs {params.pairs:q} --out {output:q} > {log:q} 2>&1"


rule barrier_report:
    """The barriers of a device, as tables and as a figure."""
    input:
        files.BARRIERS,
    output:
        csv=filled(files.BARRIER_TABLE, suffix=".csv"),
        markdown=filled(files.BARRIER_TABLE, suffix=".md"),
        html=report(
            filled(files.BARRIER_TABLE, suffix=".html"),
            caption="../report/barrier-table.rst",
            category="Devices",
            labels={"result": "{device}: barriers"},
        ),
        png=report(
            png(files.BARRIER_FIGURE, "energy"),
            caption="../report/barrier-energy.rst",
            category="Devices",
            labels={"result": "{device}: energy and barriers"},
        ),
        vector=vector(files.BARRIER_FIGURE, "energy"),
        data=figure_data(files.BARRIER_FIGURE, "energy"),
    log:
        files.log_of(filled(files.BARRIER_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.BARRIER_TABLE, suffix=".csv"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet barrier-report --barriers {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
