"""The same pulses in both calculators, and how far they differ."""

CROSSCHECK = "results/crosscheck/{case}/{calculator}.nc"
CASES = campaign.crosscheck.cases


rule crosscheck:
    """Deviations between the embedded engine and OOMMF, as tables and a figure."""
    input:
        files.TABLE.format(table="crosscheck.csv"),
        files.FIGURE.format(figure="crosscheck.png"),
    localrule: True


rule crosscheck_film:
    """One pulse of the cross-check in the embedded engine."""
    output:
        expand(CROSSCHECK, calculator="film", allow_missing=True),
    log:
        "results/logs/crosscheck/{case}/film.log",
    benchmark:
        "results/benchmarks/crosscheck/{case}/film.tsv"
    wildcard_constraints:
        case="|".join(CASES) or "none",
    resources:
        mem_mb=lambda w, attempt: 800 * attempt,
        runtime=lambda w, attempt: 15 * attempt,
    params:
        job=lambda w: crosscheck_job(w.case, "film"),
        revision=revisions.of("film"),
    shell:
        "wallnet simulate --job {params.job:q} --out {output:q} > {log:q} 2>&1"


rule crosscheck_oommf:
    """One pulse of the cross-check in OOMMF."""
    output:
        expand(CROSSCHECK, calculator="oommf", allow_missing=True),
    log:
        "results/logs/crosscheck/{case}/oommf.log",
    benchmark:
        "results/benchmarks/crosscheck/{case}/oommf.tsv"
    wildcard_constraints:
        case="|".join(CASES) or "none",
    conda:
        "../envs/oommf.yaml"
    threads: lambda w: campaign.devices[CASES[w.case].device].oommf.threads
    resources:
        mem_mb=lambda w, attempt: 1000 * attempt,
        runtime=lambda w, attempt: 120 * attempt,
    params:
        job=lambda w: crosscheck_job(w.case, "oommf"),
        revision=revisions.of("oommf"),
    shell:
        "OOMMF_THREADS={threads} wallnet simulate --job {params.job:q} --out {output:q}"
        " > {log:q} 2>&1"


rule crosscheck_table:
    """Compare the traces of both calculators."""
    input:
        film=expand(CROSSCHECK, case=CASES, calculator="film"),
        oommf=expand(CROSSCHECK, case=CASES, calculator="oommf"),
    output:
        csv=files.TABLE.format(table="crosscheck.csv"),
        markdown=files.TABLE.format(table="crosscheck.md"),
        png=report(
            files.FIGURE.format(figure="crosscheck.png"),
            caption="../report/crosscheck.rst",
            category="Checks",
            labels={"result": "engine beside OOMMF"},
        ),
        vector=vector_figure("crosscheck"),
    log:
        "results/logs/crosscheck/table.log",
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        cases=list(CASES),
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet crosscheck --cases {params.cases:q} --film {input.film:q}"
        " --oommf {input.oommf:q} --figures {params.figures:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
