"""Levels of a synapse with their barriers and transitions."""


rule level_report:
    """The levels of a synapse as tables: minimum, barrier, retained, reached, left again."""
    input:
        unpack(lambda w: plan.level_sources(campaign, w.device)),
    output:
        csv=filled(files.LEVELS_TABLE, suffix=".csv"),
        markdown=filled(files.LEVELS_TABLE, suffix=".md"),
        html=report(
            filled(files.LEVELS_TABLE, suffix=".html"),
            caption="../report/levels-table.rst",
            category="Devices",
            labels={"result": "{device}: levels with their barriers and transitions"},
        ),
    log:
        files.log_of(filled(files.LEVELS_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.LEVELS_TABLE, suffix=".csv"))
    wildcard_constraints:
        device=one_of(campaign.of_kind("synapse")),
    localrule: True
    params:
        options=lambda w, input: as_options(input),
        revision=revisions.of("report"),
    shell:
        "wallnet level-report {params.options:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --html {output.html:q} > {log:q} 2>&1"
