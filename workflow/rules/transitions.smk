"""Transitions: pulses of both signs from every state of a device, and the shortest sequences."""


rule device_transitions:
    """Where all pulses from all states of a device lead."""
    input:
        starts=lambda w: list(jobs.requests.starts(campaign, w.device)),
        transitions=lambda w: list(jobs.requests.transitions(campaign, w.device)),
    output:
        files.TRANSITIONS,
    log:
        files.log_of(files.TRANSITIONS),
    benchmark:
        files.benchmark_of(files.TRANSITIONS)
    wildcard_constraints:
        device=one_of(campaign.transitions),
    localrule: True
    params:
        job=lambda w: jobs.transitions_job(
            campaign.devices[w.device], campaign.transitions[w.device]
        ).to_json(),
        levels=lambda w: plan.folder(files.LEVEL, w.device),
        transitions=lambda w: files.TRANSITIONS.format(**w).removesuffix(".nc"),
        revision=revisions.of("devices"),
    shell:
        # the job grows with the pulses, and the length of an argument is limited
        "wallnet transitions --job - --levels {params.levels:q}"
        " --transitions {params.transitions:q} --out {output:q} <<< {params.job:q}"
        " > {log:q} 2>&1"


rule transition_report:
    """Where pulses lead, and the shortest sequences of pulses, as tables and as a map."""
    input:
        files.TRANSITIONS,
    output:
        csv=filled(files.TRANSITIONS_TABLE, suffix=".csv"),
        markdown=filled(files.TRANSITIONS_TABLE, suffix=".md"),
        html=report(
            filled(files.TRANSITIONS_TABLE, suffix=".html"),
            caption="../report/transitions-table.rst",
            category="Devices",
            labels={"result": "{device}: table of transitions"},
        ),
        png=report(
            png(files.TRANSITIONS_FIGURE, "map"),
            caption="../report/transitions-map.rst",
            category="Devices",
            labels={"result": "{device}: map of transitions"},
        ),
        vector=vector(files.TRANSITIONS_FIGURE, "map"),
        data=figure_data(files.TRANSITIONS_FIGURE, "map"),
    log:
        files.log_of(filled(files.TRANSITIONS_TABLE, suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.TRANSITIONS_TABLE, suffix=".csv"))
    localrule: True
    params:
        write_energy=write_energy,
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet transition-report --transitions {input:q} --write-energy {params.write_energy:q}"
        " --figures {params.figures:q}"
        " --csv {output.csv:q} --markdown {output.markdown:q} --html {output.html:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
