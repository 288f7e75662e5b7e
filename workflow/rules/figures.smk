"""Figures of the simulation half, each as PNG for the report and as a vector file."""

from wallnet.report import devices as device_report


rule figure_transfer_curve:
    """Conductance of a neuron against J: simulation, quartic, ideal ReLU (paper, Fig. 1b)."""
    input:
        device=files.DEVICE,
    output:
        png=report(
            png(files.DEVICE_FIGURE, figure="transfer-curve"),
            caption="../report/device-transfer-curve.rst",
            category="Devices",
            labels={"result": "{device}: transfer curve"},
        ),
        vector=vector(files.DEVICE_FIGURE, figure="transfer-curve"),
    log:
        files.log_of(png(files.DEVICE_FIGURE, figure="transfer-curve")),
    benchmark:
        files.benchmark_of(png(files.DEVICE_FIGURE, figure="transfer-curve"))
    wildcard_constraints:
        device=one_of("neuron"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure transfer-curve --devices {input.device:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_magnetization:
    """Maps of m_z of a neuron as it is read, detector marked (paper, Fig. 1c)."""
    input:
        device=files.DEVICE,
        traces=lambda w: files.trace_paths(w.device, campaign.devices[w.device]),
    output:
        png=report(
            png(files.DEVICE_FIGURE, figure="magnetization"),
            caption="../report/device-magnetization.rst",
            category="Devices",
            labels={"result": "{device}: maps of m_z"},
        ),
        vector=vector(files.DEVICE_FIGURE, figure="magnetization"),
    log:
        files.log_of(png(files.DEVICE_FIGURE, figure="magnetization")),
    benchmark:
        files.benchmark_of(png(files.DEVICE_FIGURE, figure="magnetization"))
    wildcard_constraints:
        device=one_of("neuron"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        traces=lambda w: files.folder(files.TRACE, w.device),
        figures=figure_style,
        shown=shown_pulses,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure magnetization --devices {input.device:q} --traces {params.traces:q}"
        " --figures {params.figures:q} --shown {params.shown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_dynamics:
    """Notched track: where the wall rests, and how it went there (paper, Fig. 2 and 3)."""
    input:
        device=files.DEVICE,
        traces=lambda w: files.trace_paths(w.device, campaign.devices[w.device]),
    output:
        png=report(
            png(files.DEVICE_FIGURE, figure="dynamics"),
            caption="../report/device-dynamics.rst",
            category="Devices",
            labels={"result": "{device}: maps of m_z, wall against time"},
        ),
        vector=vector(files.DEVICE_FIGURE, figure="dynamics"),
    log:
        files.log_of(png(files.DEVICE_FIGURE, figure="dynamics")),
    benchmark:
        files.benchmark_of(png(files.DEVICE_FIGURE, figure="dynamics"))
    wildcard_constraints:
        device=one_of("synapse"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        traces=lambda w: files.folder(files.TRACE, w.device),
        figures=figure_style,
        shown=shown_pulses,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure dynamics --devices {input.device:q} --traces {params.traces:q}"
        " --figures {params.figures:q} --shown {params.shown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_conductance:
    """Conductance of a synapse against J, with its levels (paper, Fig. 1e)."""
    input:
        device=files.DEVICE,
    output:
        png=report(
            png(files.DEVICE_FIGURE, figure="conductance"),
            caption="../report/device-conductance.rst",
            category="Devices",
            labels={"result": "{device}: conductance and levels"},
        ),
        vector=vector(files.DEVICE_FIGURE, figure="conductance"),
    log:
        files.log_of(png(files.DEVICE_FIGURE, figure="conductance")),
    benchmark:
        files.benchmark_of(png(files.DEVICE_FIGURE, figure="conductance"))
    wildcard_constraints:
        device=one_of("synapse"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure conductance --devices {input.device:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_wall_position:
    """Wall on a plain track: both ends against time, velocity against J."""
    input:
        device=files.DEVICE,
    output:
        png=report(
            png(files.DEVICE_FIGURE, figure="wall-position"),
            caption="../report/device-wall-position.rst",
            category="Devices",
            labels={"result": "{device}: wall against time, velocity"},
        ),
        vector=vector(files.DEVICE_FIGURE, figure="wall-position"),
    log:
        files.log_of(png(files.DEVICE_FIGURE, figure="wall-position")),
    benchmark:
        files.benchmark_of(png(files.DEVICE_FIGURE, figure="wall-position"))
    wildcard_constraints:
        device=one_of("track"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        shown=shown_pulses,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure wall-position --devices {input.device:q}"
        " --figures {params.figures:q} --shown {params.shown:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_synapses_compared:
    """Conductance against J of all synapses of the campaign together (paper, Fig. 1e)."""
    input:
        expand(files.DEVICE, device=campaign.of_kind("synapse")),
    output:
        png=report(
            png(files.FIGURE, figure=device_report.COMPARISON),
            caption="../report/device-synapses-compared.rst",
            category="Devices",
            labels={"result": "conductance compared"},
        ),
        vector=vector(files.FIGURE, figure=device_report.COMPARISON),
    log:
        files.log_of(png(files.FIGURE, figure=device_report.COMPARISON)),
    benchmark:
        files.benchmark_of(png(files.FIGURE, figure=device_report.COMPARISON))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure synapses-compared --devices {input:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
