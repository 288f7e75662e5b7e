"""Pulse trains: sequences of pulses on a device, and the conductance of the device during them."""


rule response:
    """The conductance of a device during a pulse train and after each of its pulses."""
    input:
        files.PROGRAM,
    output:
        files.RESPONSE,
    log:
        files.log_of(files.RESPONSE),
    benchmark:
        files.benchmark_of(files.RESPONSE)
    localrule: True
    params:
        job=lambda w: jobs.response_job(
            simulated(w), campaign.programs[w.program]
        ).to_json(),
        revision=revisions.of("devices"),
    shell:
        "wallnet response --job {params.job:q} --program {input:q} --out {output:q}"
        " > {log:q} 2>&1"


rule program_report:
    """The response of a device to a pulse train, as tables and as a figure."""
    input:
        files.RESPONSE,
    output:
        csv=filled(files.PROGRAM_TABLE, suffix=".csv"),
        markdown=filled(files.PROGRAM_TABLE, suffix=".md"),
        html=report(
            filled(files.PROGRAM_TABLE, suffix=".html"),
            caption="../report/program-table.rst",
            category="Devices",
            labels={"result": "pulse train {program}: table"},
        ),
        png=report(
            png(files.PROGRAM_FIGURE, "response"),
            caption="../report/program-response.rst",
            category="Devices",
            labels={"result": "pulse train {program}: response"},
        ),
        vector=vector(files.PROGRAM_FIGURE, "response"),
        data=figure_data(files.PROGRAM_FIGURE, "response"),
    log:
        files.log_of(filled(files.PROGRAM_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.PROGRAM_TABLE, suffix=".csv"))
    localrule: True
    params:
        figures=figure_style,
        price=price,
        revision=revisions.of("report"),
    shell:
        "wallnet program-report --response {input:q} --figures {params.figures:q}"
        " --price {params.price:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
