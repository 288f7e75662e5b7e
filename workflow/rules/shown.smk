"""All tables and figures of `plan.shown`; a figure as PNG for the report and as a vector file.

There is one rule for each row. Snakemake evaluates functions and the command after the loop, so a
function receives its row as a default argument, and the command is plain text.
"""

from wallnet.plan.shown import FIGURES, TABLES

for shown in (*TABLES.values(), *FIGURES.values()):

    rule:
        """Tables or figures of one kind."""
        name:
            shown.rule
        input:
            unpack(lambda w, shown=shown: shown.sources(campaign, **w)),
        output:
            **left_open(shown),
        log:
            files.log_of(next(iter(shown.outputs.values()))),
        benchmark:
            files.benchmark_of(next(iter(shown.outputs.values())))
        wildcard_constraints:
            device=values(shown, "device"),
            dataset=values(shown, "dataset"),
        localrule: True
        params:
            arguments=lambda w, shown=shown: shown.arguments(campaign, **w),
            written=lambda w, output: [
                f"{name}={path}" for name, path in output.items()
            ],
            job=lambda w, shown=shown: shown.job(campaign, **w),
            # of the page too, which shows what studies hand over; not from `input`, since Snakemake
            # does not track parameters that depend on it
            revision=lambda w, shown=shown: [
                revisions.of("report"),
                *(
                    revisions.of(f"show {name}")
                    for name in shown.sources(campaign, **w)
                    if name in STUDIES
                ),
            ],
        shell:
            "wallnet show {params.arguments:q} --job - --to {params.written:q} <<< {params.job:q}"
            " > {log:q} 2>&1"
