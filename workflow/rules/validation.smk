"""Comparison of the embedded engine with published and analytic values."""

from wallnet.validation import CHECKS


rule validation_check:
    """One check: rows of the reference value, our value, and the tolerance with its reason."""
    output:
        files.VALIDATION,
    log:
        files.log_of(files.VALIDATION),
    benchmark:
        files.benchmark_of(files.VALIDATION)
    wildcard_constraints:
        check=one_of(CHECKS),
    resources:
        mem_mb=growing(1000),
        runtime=growing(15),
    params:
        revision=[revisions.of("film"), revisions.of("validation")],
    shell:
        "wallnet validate --check {wildcards.check:q} --out {output:q} > {log:q} 2>&1"


rule validation_table:
    """Collect the checks in one table, as data and as readable text, and draw their curves."""
    input:
        plan.validation_results(),
    output:
        csv=table("validation"),
        markdown=table("validation", ".md"),
        png=report(
            png(files.FIGURE, "validation"),
            caption="../report/validation.rst",
            category="Checks",
            labels={"result": "engine compared with published values"},
        ),
        vector=vector(files.FIGURE, "validation"),
        data=figure_data(files.FIGURE, "validation"),
    log:
        files.log_of(table("validation")),
    benchmark:
        files.benchmark_of(table("validation"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet validation-table --results {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --png {output.png:q}"
        " --vector {output.vector:q} > {log:q} 2>&1"
