"""Data sets, networks in FP32 and on a synapse's levels, and tables.

A network depends only on the levels or the activation of a device. They are a parameter, and the
file that contains them is `ancient`, so that no network is trained again if it is only rewritten.
"""


wildcard_constraints:
    dataset="[a-z0-9][a-z0-9_-]*",
    reading="[a-z]+",
    mapping="[a-z][a-z0-9.-]*",
    recipe="[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",


rule data:
    """Find or fetch a data set and check it; the images themselves are not an output of a rule."""
    output:
        files.DATA,
    log:
        files.log_of(files.DATA),
    benchmark:
        files.benchmark_of(files.DATA)
    # compute nodes often have no access to the internet
    localrule: True
    params:
        job=lambda w: jobs.networks.data_job(campaign.networks, w.dataset).to_json(),
        revision=revisions.of("networks"),
    # the folder and the sources of the images are not parameters (the Snakefile exports them),
    # since they do not change the results
    shell:
        'wallnet data --job {params.job:q} --data-folder "$WALLNET_DATA_FOLDER"'
        ' --sources "$WALLNET_DATA_SOURCES" --out {output:q} > {log:q} 2>&1'


rule train:
    """A network in FP32 (stage fp32), with the neuron's measured activation."""
    input:
        data=files.DATA,
        neuron=ancient(files.COMPACT_MODEL.format(device=campaign.networks.neuron)),
    output:
        plan.listing.free_path(files.METRICS, "fp32"),
        plan.listing.free_path(files.CHECKPOINT, "fp32"),
    log:
        files.log_of(plan.listing.free_path(files.METRICS, "fp32")),
    benchmark:
        files.benchmark_of(plan.listing.free_path(files.METRICS, "fp32"))
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.networks.training_job(campaign.networks, **w).to_json(),
        activation=lambda w: activation_of_neuron(),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("networks"),
    shell:
        "wallnet train --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --neuron {input.neuron:q}'
        " --networks {params.networks:q} > {log:q} 2>&1"


rule train_on:
    """That network, trained further in FP32 (stage continued)."""
    input:
        data=files.DATA,
        start=plan.listing.free_path(files.CHECKPOINT, "fp32"),
    output:
        plan.listing.free_path(files.METRICS, "continued"),
        plan.listing.free_path(files.CHECKPOINT, "continued"),
    log:
        files.log_of(plan.listing.free_path(files.METRICS, "continued")),
    benchmark:
        files.benchmark_of(plan.listing.free_path(files.METRICS, "continued"))
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.networks.continuing_job(campaign.networks, **w).to_json(),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("networks"),
    shell:
        "wallnet continue --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --start {input.start:q}'
        " --networks {params.networks:q} > {log:q} 2>&1"


rule map:
    """All trained networks of a seed on a synapse's levels: quantised and trained further."""
    input:
        data=files.DATA,
        synapse=ancient(files.COMPACT_MODEL),
        start=plan.listing.first_checkpoints(campaign.networks),
    output:
        *plan.listing.mapped_paths(files.METRICS, campaign.networks),
        *plan.listing.mapped_paths(files.CHECKPOINT, campaign.networks),
        *plan.listing.mapped_paths(files.PROGRAMMING, campaign.networks),
    log:
        files.log_of(files.ON_SYNAPSE),
    benchmark:
        files.benchmark_of(files.ON_SYNAPSE)
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.networks.mapping_job(campaign.networks, **w).to_json(),
        levels=lambda w: levels_of(w, campaign.networks.mappings),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("networks"),
    shell:
        "wallnet map --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --synapse {input.synapse:q}'
        " --networks {params.networks:q} > {log:q} 2>&1"
