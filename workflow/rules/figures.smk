"""All figures of devices and networks, each as PNG for the report and as a vector file.

There is one rule for each row of `plan.figures.FIGURES`. Snakemake evaluates functions and the command
after the loop, so a function receives its figure as a default argument, and the command is plain
text.
"""

for figure in plan.figures.FIGURES.values():

    rule:
        """Figures of one kind."""
        name:
            f"figure_{figure.name.replace('-', '_')}"
        input:
            sources=lambda w, figure=figure: figure.sources(campaign, **w),
            traces=lambda w, figure=figure: figure.traces(campaign, **w),
        output:
            png=report(
                png(figure.pattern, figure.name),
                caption=f"../report/{figure.half}-{figure.name}.rst",
                category=f"{figure.half.capitalize()}s",
                labels={"result": figure.label},
            ),
            vector=vector(figure.pattern, figure.name),
        log:
            files.log_of(png(figure.pattern, figure.name)),
        benchmark:
            files.benchmark_of(png(figure.pattern, figure.name))
        wildcard_constraints:
            device=one_of(figure.values(campaign, "device")),
            dataset=one_of(figure.values(campaign, "dataset")),
        localrule: True
        params:
            command=lambda w, figure=figure: figure.command(campaign, **w),
            figures=figure_style,
            revision=revisions.of("report"),
        shell:
            "wallnet {params.command:q} --sources {input.sources:q}"
            " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
            " > {log:q} 2>&1"
