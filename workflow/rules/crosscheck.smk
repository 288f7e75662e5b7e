"""The same pulses in both calculators, and how far they differ."""

from wallnet.config.crosscheck import CALCULATORS


rule crosscheck_trace:
    """One pulse of the cross-check in one calculator."""
    output:
        files.CROSSCHECK,
    log:
        files.log_of(files.CROSSCHECK),
    benchmark:
        files.benchmark_of(files.CROSSCHECK)
    wildcard_constraints:
        case=one_of(campaign.crosscheck.cases),
        calculator=one_of(CALCULATORS),
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.crosscheck_job(campaign, w.case, w.calculator).to_json(),
        revision=lambda w: revisions.of(w.calculator),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --out {output:q}"
        " > {log:q} 2>&1"


rule crosscheck_table:
    """Compare the traces of both calculators."""
    input:
        film=plan.crosscheck_traces(campaign, "film"),
        oommf=plan.crosscheck_traces(campaign, "oommf"),
    output:
        csv=table("crosscheck"),
        markdown=table("crosscheck", ".md"),
        png=report(
            png(files.FIGURE, "crosscheck"),
            caption="../report/crosscheck.rst",
            category="Checks",
            labels={"result": "engine beside OOMMF"},
        ),
        vector=vector(files.FIGURE, "crosscheck"),
    log:
        files.log_of(table("crosscheck")),
    localrule: True
    params:
        cases=lambda w: list(campaign.crosscheck.cases),
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet crosscheck --cases {params.cases:q} --film {input.film:q}"
        " --oommf {input.oommf:q} --figures {params.figures:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
