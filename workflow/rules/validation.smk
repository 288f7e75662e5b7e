"""The embedded engine beside published and analytic values."""

from wallnet import validation as validation_checks


rule validation:
    """All checks of the engine, as tables and a figure."""
    input:
        filled(files.TABLE, table="validation", suffix=".csv"),
        png(files.FIGURE, figure="validation"),
    localrule: True


rule validation_check:
    """One check: rows of a reference value, ours, and the tolerance with its reason."""
    output:
        files.VALIDATION,
    log:
        files.log_of(files.VALIDATION),
    benchmark:
        files.benchmark_of(files.VALIDATION)
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
        expand(files.VALIDATION, check=validation_checks.CHECKS),
    output:
        csv=filled(files.TABLE, table="validation", suffix=".csv"),
        markdown=filled(files.TABLE, table="validation", suffix=".md"),
        png=report(
            png(files.FIGURE, figure="validation"),
            caption="../report/validation.rst",
            category="Checks",
            labels={"result": "engine beside published values"},
        ),
        vector=vector(files.FIGURE, figure="validation"),
    log:
        files.log_of(filled(files.TABLE, table="validation", suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.TABLE, table="validation", suffix=".csv"))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet validation-table --results {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --png {output.png:q}"
        " --vector {output.vector:q} > {log:q} 2>&1"
