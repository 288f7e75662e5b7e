"""Tables of the campaign beside those of the studies, with their figures.

There is one rule for each row of `plan.tables.TABLES`. Snakemake evaluates functions after the loop, so a
function receives its table as a default argument.
"""


def table_outputs(made):
    """Return the files of a table; the report shows its figure, or else its HTML."""
    found = dict(made.outputs())
    if made.figure:
        found |= {
            "png": png(files.FIGURE, made.figure),
            "vector": vector(files.FIGURE, made.figure),
        }
    shown = "png" if made.figure else "html"
    found[shown] = report(
        found[shown],
        caption=f"../report/{made.name}.rst",
        category=made.category,
        labels={"result": made.label},
    )
    return found


for made in plan.tables.TABLES.values():

    rule:
        """Tables of one kind."""
        name:
            made.name
        input:
            unpack(lambda w, made=made: made.sources(campaign, **w)),
        output:
            **table_outputs(made),
        log:
            files.log_of(made.outputs()["csv"]),
        benchmark:
            files.benchmark_of(made.outputs()["csv"])
        wildcard_constraints:
            device=one_of(made.devices(campaign)),
        localrule: True
        params:
            given=lambda w, made=made: made.given(campaign, **w),
            written=lambda w, output: [
                f"{name}={path}" for name, path in output.items()
            ],
            job=lambda w, made=made: made.job(campaign, **w) if made.job else "{}",
            # of the page too, which shows what studies hand over
            revision=lambda w, made=made: revisions.of_all(
                [
                    "report",
                    *(
                        f"show {name}"
                        for name in made.sources(campaign, **w)
                        if name in STUDIES
                    ),
                ]
            ),
        shell:
            "wallnet table {params.given:q} --to {params.written:q} <<< {params.job:q}"
            " > {log:q} 2>&1"
