"""The same pulses with two calculators, and their deviations."""


rule crosscheck_table:
    """Compare the traces of the two calculators."""
    input:
        first=plan.crosscheck_traces(campaign, campaign.crosscheck.calculators[0]),
        reference=plan.crosscheck_traces(campaign, campaign.crosscheck.calculators[1]),
    output:
        csv=table("crosscheck"),
        markdown=table("crosscheck", ".md"),
        png=report(
            png(files.FIGURE, "crosscheck"),
            caption="../report/crosscheck.rst",
            category="Checks",
            labels={"result": "two calculators compared"},
        ),
        vector=vector(files.FIGURE, "crosscheck"),
        data=figure_data(files.FIGURE, "crosscheck"),
    log:
        files.log_of(table("crosscheck")),
    localrule: True
    params:
        calculators=lambda w: list(campaign.crosscheck.calculators),
        cases=lambda w: list(campaign.crosscheck.cases),
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet crosscheck --calculators {params.calculators:q} --cases {params.cases:q}"
        " --first {input.first:q} --reference {input.reference:q}"
        " --figures {params.figures:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
