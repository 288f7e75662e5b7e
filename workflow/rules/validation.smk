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
