"""Operating windows: pulse trains over a grid of amplitudes and durations, and their map."""


rule window_initial:
    """The state from which all pulse trains of one variant start."""
    output:
        files.WINDOW_INITIAL,
    log:
        files.log_of(files.WINDOW_INITIAL),
    benchmark:
        files.benchmark_of(files.WINDOW_INITIAL)
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(800, oommf=1000),
        runtime=growing(15, oommf=120),
    params:
        job=lambda w: jobs.initial_job(variant_of(w)).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet initial --job {params.job:q} --out {output:q} 2> {log:q}"


rule staircase:
    """One point of a window: pulses that have to move the wall by one notch each."""
    input:
        files.WINDOW_INITIAL,
    output:
        files.STAIRCASE,
    log:
        files.log_of(files.STAIRCASE),
    benchmark:
        files.benchmark_of(files.STAIRCASE)
    conda:
        software
    threads: calculator_threads
    resources:
        mem_mb=growing(1000, oommf=1200),
        runtime=growing(60, oommf=600),
    params:
        job=lambda w: jobs.staircase_job(
            variant_of(w),
            campaign.windows[w.window],
            configuration.parse_current(w.current),
            configuration.parse_duration(w.duration),
        ).to_json(),
        revision=lambda w: revisions.of(jobs.stage_of(calculator(w))),
    shell:
        "OOMMF_THREADS={threads} wallnet staircase --job {params.job:q} --initial {input:q}"
        " --out {output:q} > {log:q} 2>&1"


rule window:
    """The outcomes of all pulse trains of an operating window."""
    input:
        lambda w: list(plan.staircase_places(campaign, w.window)),
    output:
        files.WINDOW,
    log:
        files.log_of(files.WINDOW),
    benchmark:
        files.benchmark_of(files.WINDOW)
    localrule: True
    params:
        job=lambda w: jobs.window_job(campaign.windows[w.window]).to_json(),
        staircases=lambda w: files.WINDOW.format(**w).removesuffix(".nc"),
        revision=revisions.of("devices"),
    shell:
        # the job grows with the operating window, and the length of an argument is limited
        "wallnet window --job - --staircases {params.staircases:q} --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


rule window_report:
    """The outcomes of an operating window, as tables and as a map."""
    input:
        files.WINDOW,
    output:
        csv=filled(files.WINDOW_TABLE, suffix=".csv"),
        markdown=filled(files.WINDOW_TABLE, suffix=".md"),
        html=report(
            filled(files.WINDOW_TABLE, suffix=".html"),
            caption="../report/window-table.rst",
            category="Devices",
            labels={"result": "operating window {window}: table"},
        ),
        png=report(
            png(files.WINDOW_FIGURE, "map"),
            caption="../report/window-map.rst",
            category="Devices",
            labels={"result": "operating window {window}: map"},
        ),
        vector=vector(files.WINDOW_FIGURE, "map"),
        data=figure_data(files.WINDOW_FIGURE, "map"),
    log:
        files.log_of(filled(files.WINDOW_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.WINDOW_TABLE, suffix=".csv"))
    localrule: True
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet window-report --window {input:q} --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
