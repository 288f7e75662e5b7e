"""Figures of the simulation half, each as PNG for the report and as a vector file."""

from wallnet.report import devices as device_report


rule figure_transfer_curve:
    """Conductance of a neuron against J: simulation, quartic, ideal ReLU (paper, Fig. 1b)."""
    input:
        device=files.DEVICE,
    output:
        png=report(
            files.FIGURE.format(figure="{device}-transfer-curve.png"),
            caption="../report/device-transfer-curve.rst",
            category="Devices",
            labels={"result": "{device}: transfer curve"},
        ),
        vector=vector_figure("{device}-transfer-curve"),
    log:
        "results/logs/figures/{device}-transfer-curve.log",
    benchmark:
        "results/benchmarks/figures/{device}-transfer-curve.tsv"
    wildcard_constraints:
        device=one_of("neuron"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
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
            files.FIGURE.format(figure="{device}-magnetization.png"),
            caption="../report/device-magnetization.rst",
            category="Devices",
            labels={"result": "{device}: maps of m_z"},
        ),
        vector=vector_figure("{device}-magnetization"),
    log:
        "results/logs/figures/{device}-magnetization.log",
    benchmark:
        "results/benchmarks/figures/{device}-magnetization.tsv"
    wildcard_constraints:
        device=one_of("neuron"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        traces=lambda w: files.folder(files.TRACE, w.device),
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure magnetization --devices {input.device:q} --traces {params.traces:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_dynamics:
    """Notched track: where the wall rests, and how it went there (paper, Fig. 2 and 3)."""
    input:
        device=files.DEVICE,
        traces=lambda w: files.trace_paths(w.device, campaign.devices[w.device]),
    output:
        png=report(
            files.FIGURE.format(figure="{device}-dynamics.png"),
            caption="../report/device-dynamics.rst",
            category="Devices",
            labels={"result": "{device}: maps of m_z, wall against time"},
        ),
        vector=vector_figure("{device}-dynamics"),
    log:
        "results/logs/figures/{device}-dynamics.log",
    benchmark:
        "results/benchmarks/figures/{device}-dynamics.tsv"
    wildcard_constraints:
        device=one_of("synapse"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        traces=lambda w: files.folder(files.TRACE, w.device),
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure dynamics --devices {input.device:q} --traces {params.traces:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_conductance:
    """Conductance of a synapse against J, with its levels (paper, Fig. 1e)."""
    input:
        device=files.DEVICE,
    output:
        png=report(
            files.FIGURE.format(figure="{device}-conductance.png"),
            caption="../report/device-conductance.rst",
            category="Devices",
            labels={"result": "{device}: conductance and levels"},
        ),
        vector=vector_figure("{device}-conductance"),
    log:
        "results/logs/figures/{device}-conductance.log",
    benchmark:
        "results/benchmarks/figures/{device}-conductance.tsv"
    wildcard_constraints:
        device=one_of("synapse"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
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
            files.FIGURE.format(figure="{device}-wall-position.png"),
            caption="../report/device-wall-position.rst",
            category="Devices",
            labels={"result": "{device}: wall against time, velocity"},
        ),
        vector=vector_figure("{device}-wall-position"),
    log:
        "results/logs/figures/{device}-wall-position.log",
    benchmark:
        "results/benchmarks/figures/{device}-wall-position.tsv"
    wildcard_constraints:
        device=one_of("track"),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure wall-position --devices {input.device:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"


rule figure_synapses_compared:
    """Conductance against J of all synapses of the campaign together (paper, Fig. 1e)."""
    input:
        expand(files.DEVICE, device=campaign.of_kind("synapse")),
    output:
        png=report(
            files.FIGURE.format(figure=f"{device_report.COMPARISON}.png"),
            caption="../report/device-synapses-compared.rst",
            category="Devices",
            labels={"result": "conductance compared"},
        ),
        vector=vector_figure(device_report.COMPARISON),
    log:
        "results/logs/figures/synapses-compared.log",
    benchmark:
        "results/benchmarks/figures/synapses-compared.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet device-figure synapses-compared --devices {input:q}"
        " --figures {params.figures:q} --png {output.png:q} --vector {output.vector:q}"
        " > {log:q} 2>&1"
