"""Programs: sequences of pulses on a device, and the conductance of the device during them."""


rule program:
    """All pulses of a program in one simulation, from the initial state of the device."""
    input:
        lambda w: files.INITIAL.format(device=campaign.programs[w.program].device),
    output:
        files.PROGRAM,
    log:
        files.log_of(files.PROGRAM),
    benchmark:
        files.benchmark_of(files.PROGRAM)
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing_program_memory(950, oommf=1150),
        runtime=growing(60, oommf=600),
    params:
        job=lambda w: jobs.program_job(
            simulated(w), campaign.programs[w.program]
        ).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet program --job {params.job:q} --initial {input:q}"
        " --out {output:q} > {log:q} 2>&1"


rule response:
    """The conductance of a device during a program and after each of its pulses."""
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
    """The response of a device to a program, as tables and as a figure."""
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
