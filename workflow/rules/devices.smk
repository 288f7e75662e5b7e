"""Properties of each device from its traces (conductance, levels, activation), and their tables.

Those of a measured device are from the CSV files of the user, and no simulation is planned.
"""


rule device:
    """All traces of one device on a common time step, and the properties of the device."""
    input:
        initial=files.INITIAL,
        traces=lambda w: jobs.paths.trace_paths(w.device, campaign.devices[w.device]),
        levels=lambda w: jobs.paths.level_paths(w.device, campaign.devices[w.device]),
        minima=lambda w: jobs.paths.minimum_paths(w.device, campaign.devices[w.device]),
    output:
        files.DEVICE,
    log:
        files.log_of(files.DEVICE),
    benchmark:
        files.benchmark_of(files.DEVICE)
    localrule: True
    params:
        job=lambda w: jobs.devices.device_job(campaign.devices[w.device]).to_json(),
        traces=lambda w: jobs.paths.folder(files.TRACE, w.device),
        levels=lambda w: jobs.paths.folder(files.LEVEL, w.device),
        minima=lambda w: jobs.paths.folder(files.MINIMUM, w.device),
        revision=revisions.of("devices"),
    shell:
        # the job grows with the sweep, and the length of an argument is limited
        "wallnet device --job - --initial {input.initial:q} --traces {params.traces:q}"
        " --levels {params.levels:q} --minima {params.minima:q} --out {output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


# a checkpoint: jobs that depend on levels or activation are planned again once these are known
checkpoint compact_model:
    """Data of a device for networks: the levels of a synapse or the activation of a neuron."""
    input:
        unpack(lambda w: plan.levels.level_set_sources(campaign, w.device)),
        device=files.DEVICE,
    output:
        files.COMPACT_MODEL,
    log:
        files.log_of(files.COMPACT_MODEL),
    benchmark:
        files.benchmark_of(files.COMPACT_MODEL)
    wildcard_constraints:
        device=one_of(campaign.simulated),
    localrule: True
    params:
        options=lambda w, input: as_options(input),
        revision=revisions.of("devices"),
    shell:
        "wallnet compact-model {params.options:q} --out {output:q} > {log:q} 2>&1"


# a checkpoint like compact_model
checkpoint measured:
    """The same data of a measured device, from its CSV files."""
    input:
        unpack(lambda w: campaign.measured[w.device].files()),
    output:
        files.COMPACT_MODEL,
    log:
        files.log_of(files.COMPACT_MODEL),
    benchmark:
        files.benchmark_of(files.COMPACT_MODEL)
    wildcard_constraints:
        device=one_of(campaign.measured),
    localrule: True
    params:
        options=lambda w, input: [f"--{name}={path}" for name, path in input.items()],
        revision=revisions.of("devices"),
    shell:
        "wallnet measured {params.options:q} --out {output:q} 2>&1 | tee {log:q}"
