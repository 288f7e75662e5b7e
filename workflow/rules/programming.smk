"""What it costs to write trained networks into synapses."""


rule programming_table:
    """Pulses and energy of writing networks from reset, and from other networks."""
    input:
        **plan.programming_sources(campaign),
    output:
        csv=table("programming"),
        markdown=table("programming", ".md"),
        html=report(
            table("programming", ".html"),
            caption="../report/programming.rst",
            category="Networks",
            labels={"result": "write energy of a network"},
        ),
    log:
        files.log_of(table("programming")),
    benchmark:
        files.benchmark_of(table("programming"))
    localrule: True
    params:
        job=lambda w: jobs.programming_energy_job(campaign).to_json(),
        networks=lambda w: files.NETWORKS,
        devices=lambda w: plan.folder(files.DEVICE, ""),
        responses=lambda w: plan.folder(STUDIES["pulse_trains"].path("{subject}"), ""),
        revision=revisions.of("report"),
    shell:
        "wallnet programming-table --job - --networks {params.networks:q}"
        " --devices {params.devices:q} --responses {params.responses:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --html {output.html:q} <<< {params.job:q} 2> {log:q}"
