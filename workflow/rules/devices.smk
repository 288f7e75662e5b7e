"""The compact model of each device, for networks."""


# a checkpoint: jobs that depend on levels or activation are planned again once these are known
checkpoint compact_model:
    """Data of a device for networks: the levels of a synapse or the activation of a neuron."""
    input:
        unpack(lambda w: plan.listing.level_set_sources(campaign, w.device)),
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
        "wallnet compact-model {params.options:q} --out {output:q} 2>&1 | tee {log:q}"
