"""Data sets, networks with free weights and on a synapse's levels, and tables.

A network depends only on the levels or the activation of a device. They are a parameter, and the
file that contains them is `ancient`, so that no network is trained again if it is only rewritten.
"""

from wallnet.config.networks import FREE_NETWORK, LEVEL_STAGES, split_mapping
from wallnet.files import compact


wildcard_constraints:
    dataset="[a-z0-9][a-z0-9_-]*",
    reading="[a-z]+",
    mapping="[a-z]+(-[a-z]+)?",
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
        job=lambda w: jobs.data_job(campaign.networks, w.dataset).to_json(),
        revision=revisions.of("networks"),
    # the folder and the sources of the images are not parameters (the Snakefile exports them),
    # since they do not change the results
    shell:
        'wallnet data --job {params.job:q} --data-folder "$WALLNET_DATA_FOLDER"'
        ' --sources "$WALLNET_DATA_SOURCES" --out {output:q} > {log:q} 2>&1'


rule train:
    """A network with free weights (stage fp32), with the neuron's measured activation."""
    input:
        data=files.DATA,
        neuron=ancient(files.COMPACT_MODEL.format(device=campaign.networks.neuron)),
    output:
        metrics=filled(files.METRICS, **FREE_NETWORK),
        checkpoint=filled(files.CHECKPOINT, **FREE_NETWORK),
    log:
        files.log_of(filled(files.METRICS, **FREE_NETWORK)),
    benchmark:
        files.benchmark_of(filled(files.METRICS, **FREE_NETWORK))
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.training_job(campaign.networks, **w).to_json(),
        activation=lambda w: compact.decisive(
            files.COMPACT_MODEL.format(device=campaign.networks.neuron),
            campaign.networks.neuron_reading,
        ),
        revision=revisions.of("networks"),
    shell:
        "wallnet train --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --neuron {input.neuron:q}'
        " --metrics {output.metrics:q} --checkpoint {output.checkpoint:q} > {log:q} 2>&1"


rule map:
    """A trained network on a synapse's levels: quantised, fine-tuned, and trained on the levels."""
    input:
        data=files.DATA,
        synapse=ancient(files.COMPACT_MODEL),
        start=filled(files.CHECKPOINT, **FREE_NETWORK),
    output:
        metrics=expand(files.METRICS, stage=LEVEL_STAGES, allow_missing=True),
        checkpoint=expand(files.CHECKPOINT, stage=LEVEL_STAGES, allow_missing=True),
    log:
        files.log_of(filled(files.METRICS, stage=LEVEL_STAGES[0])),
    benchmark:
        files.benchmark_of(filled(files.METRICS, stage=LEVEL_STAGES[0]))
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.mapping_job(campaign.networks, **w).to_json(),
        levels=lambda w: compact.decisive(
            files.COMPACT_MODEL.format(device=w.device),
            w.reading,
            split_mapping(w.mapping)[1],
        ),
        revision=revisions.of("networks"),
    shell:
        "wallnet map --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --synapse {input.synapse:q}'
        " --start {input.start:q} --metrics {output.metrics:q}"
        " --checkpoint {output.checkpoint:q} > {log:q} 2>&1"


rule accuracy:
    """Test accuracies of all networks, as data and as readable tables."""
    input:
        plan.network_paths(files.METRICS, campaign.networks.run_set()),
    output:
        csv=table("accuracy"),
        markdown=table("accuracy", ".md"),
        html=report(
            table("accuracy", ".html"),
            caption="../report/network-accuracy-table.rst",
            category="Networks",
            labels={"result": "test accuracy"},
        ),
    log:
        files.log_of(table("accuracy")),
    benchmark:
        files.benchmark_of(table("accuracy"))
    localrule: True
    params:
        job=lambda w: jobs.accuracy_job(campaign.networks).to_json(),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("report"),
    shell:
        "wallnet accuracy --job {params.job:q} --networks {params.networks:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --html {output.html:q} > {log:q} 2>&1"
