"""The same pulses with two calculators, and their deviations."""


rule crosscheck_trace:
    """One pulse of the cross-check with one calculator."""
    output:
        files.CROSSCHECK,
    log:
        files.log_of(files.CROSSCHECK),
    benchmark:
        files.benchmark_of(files.CROSSCHECK)
    wildcard_constraints:
        case=one_of(campaign.crosscheck.cases),
        calculator=one_of(map(configuration.file_name, campaign.crosscheck.calculators)),
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.crosscheck_job(campaign, w.case, calculator(w)).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --out {output:q}"
        " > {log:q} 2>&1"


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
