"""The embedded engine beside published and analytic values."""

from wallnet import validation as validation_checks


rule validation:
    """All checks of the engine, as tables and a figure."""
    input:
        files.TABLE.format(table="validation.csv"),
        files.FIGURE.format(figure="validation.png"),
    localrule: True


rule validation_check:
    """One check: rows of a reference value, ours, and the tolerance with its reason."""
    output:
        validation_checks.RESULT,
    log:
        "results/logs/validation/{check}.log",
    benchmark:
        "results/benchmarks/validation/{check}.tsv"
    wildcard_constraints:
        check="|".join(validation_checks.CHECKS),
    resources:
        mem_mb=lambda w, attempt: 1000 * attempt,
        runtime=lambda w, attempt: 15 * attempt,
    params:
        revision=[revisions.of("film"), revisions.of("validation")],
    shell:
        "wallnet validate --check {wildcards.check:q} --out {output:q} > {log:q} 2>&1"


rule validation_table:
    """Gather the checks into one table, to compute with and to read, and draw their curves."""
    input:
        expand(validation_checks.RESULT, check=validation_checks.CHECKS),
    output:
        csv=files.TABLE.format(table="validation.csv"),
        markdown=files.TABLE.format(table="validation.md"),
        png=report(
            files.FIGURE.format(figure="validation.png"),
            caption="../report/validation.rst",
            category="Checks",
            labels={"result": "engine beside published values"},
        ),
        vector=files.FIGURE.format(figure="validation.")
        + campaign.figures.vector_format,
    log:
        "results/logs/validation/table.log",
    benchmark:
        "results/benchmarks/validation/table.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet validation-table --results {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --png {output.png:q}"
        " --vector {output.vector:q} > {log:q} 2>&1"
