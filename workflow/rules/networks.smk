"""Data sets, networks with free weights, the same on a synapse's levels; tables and figures."""

from wallnet.config import network_jobs
from wallnet.config.networks import STAGES
from wallnet.report import networks as network_report


wildcard_constraints:
    dataset="[a-z0-9][a-z0-9_-]*",
    reading="[a-z]+",
    mapping="[a-z]+(-[a-z]+)?",
    recipe="[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",


rule data:
    """A data set found or fetched, and checked; the images themselves are nobody's output."""
    output:
        files.DATA,
    log:
        "results/logs/data/{dataset}.log",
    benchmark:
        "results/benchmarks/data/{dataset}.tsv"
    # compute nodes often have no way out
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 1000 * attempt,
        runtime=lambda w, attempt: 15 * attempt,
    params:
        job=lambda w: network_jobs.data_job(campaign.networks, w.dataset).to_json(),
        revision=revisions.of("networks"),
    # where the images lie is no parameter (the Snakefile exports it): moving them changes no result
    shell:
        'wallnet data --job {params.job:q} --data-folder "$WALLNET_DATA_FOLDER"'
        " --out {output:q} > {log:q} 2>&1"


rule train:
    """A network with free weights (stage fp32), with the neuron's measured activation."""
    input:
        data=files.DATA,
        neuron=files.DEVICE.format(device=campaign.networks.neuron),
    output:
        metrics=expand(
            files.METRICS,
            device="none",
            reading="none",
            mapping="none",
            stage=STAGES[0],
            allow_missing=True,
        ),
        checkpoint=expand(
            files.CHECKPOINT,
            device="none",
            reading="none",
            mapping="none",
            stage=STAGES[0],
            allow_missing=True,
        ),
    log:
        "results/logs/networks/{dataset}/none/{recipe}-seed-{seed}.log",
    benchmark:
        "results/benchmarks/networks/{dataset}/none/{recipe}-seed-{seed}.tsv"
    threads: campaign.networks.threads
    resources:
        mem_mb=lambda w, attempt: 1500 * attempt,
        runtime=lambda w, attempt: 30 * attempt,
    params:
        job=lambda w: network_jobs.training_job(campaign.networks, **w).to_json(),
        revision=revisions.of("networks"),
    shell:
        "wallnet train --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --neuron {input.neuron:q}'
        " --metrics {output.metrics:q} --checkpoint {output.checkpoint:q} > {log:q} 2>&1"


rule map:
    """A trained network on a synapse's levels: quantised, fine-tuned, and trained on the levels."""
    input:
        data=files.DATA,
        synapse=files.DEVICE,
        start=expand(rules.train.output.checkpoint, allow_missing=True),
    output:
        metrics=expand(files.METRICS, stage=STAGES[1:], allow_missing=True),
        checkpoint=expand(files.CHECKPOINT, stage=STAGES[1:], allow_missing=True),
    log:
        "results/logs/networks/{dataset}/{device}/{reading}-{mapping}-{recipe}-seed-{seed}.log",
    benchmark:
        "results/benchmarks/networks/{dataset}/{device}/{reading}-{mapping}-{recipe}-seed-{seed}.tsv"
    threads: campaign.networks.threads
    resources:
        mem_mb=lambda w, attempt: 1500 * attempt,
        runtime=lambda w, attempt: 30 * attempt,
    params:
        job=lambda w: network_jobs.mapping_job(campaign.networks, **w).to_json(),
        revision=revisions.of("networks"),
    shell:
        "wallnet map --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --synapse {input.synapse:q}'
        " --start {input.start:q} --metrics {output.metrics:q}"
        " --checkpoint {output.checkpoint:q} > {log:q} 2>&1"


rule accuracy:
    """Test accuracies of all networks, as data and beside the paper's Table II."""
    input:
        network_report.metrics(campaign.networks),
    output:
        csv=files.TABLE.format(table="accuracy.csv"),
        markdown=files.TABLE.format(table="accuracy.md"),
        html=report(
            files.TABLE.format(table="accuracy.html"),
            caption="../report/networks-accuracy-table.rst",
            category="Networks",
            labels={"result": "test accuracy beside Table II"},
        ),
    log:
        "results/logs/accuracy.log",
    benchmark:
        "results/benchmarks/accuracy.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        job=network_jobs.accuracy_job(campaign.networks).to_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet accuracy --job {params.job:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --html {output.html:q} > {log:q} 2>&1"


rule networks:
    """Everything that the networks give, save the figures."""
    input:
        network_report.metrics(campaign.networks),
        rules.accuracy.output if campaign.networks.recipes else [],
    localrule: True


rule figure_accuracy:
    """Test error of every stage beside the paper's."""
    input:
        rules.accuracy.output.csv,
    output:
        png=report(
            files.FIGURE.format(figure="accuracy.png"),
            caption="../report/networks-accuracy.rst",
            category="Networks",
            labels={"result": "test error at every stage"},
        ),
        vector=vector_figure("accuracy"),
    log:
        "results/logs/figures/accuracy.log",
    benchmark:
        "results/benchmarks/figures/accuracy.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure accuracy --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_training_curves:
    """Accuracy over the epochs of training with free weights."""
    input:
        network_report.curves_inputs(campaign.networks),
    output:
        png=report(
            files.FIGURE.format(figure="training-curves.png"),
            caption="../report/networks-training-curves.rst",
            category="Networks",
            labels={"result": "training curves"},
        ),
        vector=vector_figure("training-curves"),
    log:
        "results/logs/figures/training-curves.log",
    benchmark:
        "results/benchmarks/figures/training-curves.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure training-curves --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_weights:
    """Histograms of the weights from input to hidden layer at all stages."""
    input:
        lambda w: network_report.weights_inputs(campaign.networks, w.dataset, w.device),
    output:
        png=report(
            files.FIGURE.format(figure="weights-{dataset}-{device}.png"),
            caption="../report/networks-weights.rst",
            category="Networks",
            labels={"result": "{dataset}: weights on {device}"},
        ),
        vector=vector_figure("weights-{dataset}-{device}"),
    log:
        "results/logs/figures/weights-{dataset}-{device}.log",
    benchmark:
        "results/benchmarks/figures/weights-{dataset}-{device}.tsv"
    wildcard_constraints:
        dataset="|".join(campaign.networks.datasets),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure weights --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_confusion:
    """Confusion matrices at the paper's three stages."""
    input:
        lambda w: network_report.confusion_inputs(
            campaign.networks, w.dataset, w.device
        ),
    output:
        png=report(
            files.FIGURE.format(figure="confusion-{dataset}-{device}.png"),
            caption="../report/networks-confusion.rst",
            category="Networks",
            labels={"result": "{dataset}: confusion matrices on {device}"},
        ),
        vector=vector_figure("confusion-{dataset}-{device}"),
    log:
        "results/logs/figures/confusion-{dataset}-{device}.log",
    benchmark:
        "results/benchmarks/figures/confusion-{dataset}-{device}.tsv"
    wildcard_constraints:
        dataset="|".join(campaign.networks.datasets),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure confusion --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_misread:
    """Test images that the network with free weights misreads, with their labels."""
    input:
        lambda w: network_report.misread_inputs(campaign.networks, w.dataset),
    output:
        png=report(
            files.FIGURE.format(figure="misread-{dataset}.png"),
            caption="../report/networks-misread.rst",
            category="Networks",
            labels={"result": "{dataset}: misread images"},
        ),
        vector=vector_figure("misread-{dataset}"),
    log:
        "results/logs/figures/misread-{dataset}.log",
    benchmark:
        "results/benchmarks/figures/misread-{dataset}.tsv"
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=campaign.figures.model_dump_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure misread --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
