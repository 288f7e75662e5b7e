"""The same pulses in both calculators, and how far they differ."""

CASES = campaign.crosscheck.cases


rule crosscheck:
    """Deviations between the embedded engine and OOMMF, as tables and a figure."""
    input:
        filled(files.TABLE, table="crosscheck", suffix=".csv"),
        png(files.FIGURE, figure="crosscheck"),
    localrule: True


rule crosscheck_film:
    """One pulse of the cross-check in the embedded engine."""
    output:
        crosscheck_trace("film"),
    log:
        files.log_of(crosscheck_trace("film")),
    benchmark:
        files.benchmark_of(crosscheck_trace("film"))
    wildcard_constraints:
        case="|".join(CASES) or "none",
    resources:
        mem_mb=lambda w, attempt: 800 * attempt,
        runtime=lambda w, attempt: 15 * attempt,
    params:
        job=lambda w: jobs.crosscheck_job(campaign, w.case, "film").to_json(),
        revision=revisions.of("film"),
    shell:
        "wallnet simulate --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule crosscheck_oommf:
    """One pulse of the cross-check in OOMMF."""
    output:
        crosscheck_trace("oommf"),
    log:
        files.log_of(crosscheck_trace("oommf")),
    benchmark:
        files.benchmark_of(crosscheck_trace("oommf"))
    wildcard_constraints:
        case="|".join(CASES) or "none",
    conda:
        "../envs/oommf.yaml"
    threads: lambda w: campaign.devices[CASES[w.case].device].oommf.threads
    resources:
        mem_mb=lambda w, attempt: 1000 * attempt,
        runtime=lambda w, attempt: 120 * attempt,
    params:
        job=lambda w: jobs.crosscheck_job(campaign, w.case, "oommf").to_json(),
        revision=revisions.of("oommf"),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --out {output:q}"
        " > {log:q} 2>&1"


rule crosscheck_table:
    """Compare the traces of both calculators."""
    input:
        film=expand(files.CROSSCHECK, case=CASES, calculator="film"),
        oommf=expand(files.CROSSCHECK, case=CASES, calculator="oommf"),
    output:
        csv=filled(files.TABLE, table="crosscheck", suffix=".csv"),
        markdown=filled(files.TABLE, table="crosscheck", suffix=".md"),
        png=report(
            png(files.FIGURE, figure="crosscheck"),
            caption="../report/crosscheck.rst",
            category="Checks",
            labels={"result": "engine beside OOMMF"},
        ),
        vector=vector(files.FIGURE, figure="crosscheck"),
    log:
        files.log_of(filled(files.TABLE, table="crosscheck", suffix=".csv")),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        cases=lambda w: list(CASES),
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet crosscheck --cases {params.cases:q} --film {input.film:q}"
        " --oommf {input.oommf:q} --figures {params.figures:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
