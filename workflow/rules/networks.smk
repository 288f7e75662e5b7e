"""Data sets, networks with free weights, the same on a synapse's levels; tables and figures.

Of a device only its levels or its activation decide about a network. They are a parameter, and
the file that holds them is `ancient`: that it was written anew makes nothing train again.
"""

from wallnet.config.networks import STAGES, split_mapping
from wallnet.files import compact
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
        files.log_of(files.DATA),
    benchmark:
        files.benchmark_of(files.DATA)
    # compute nodes often have no way out
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 1000 * attempt,
        runtime=lambda w, attempt: 15 * attempt,
    params:
        job=lambda w: jobs.data_job(campaign.networks, w.dataset).to_json(),
        revision=revisions.of("networks"),
    # where the images lie and may come from is no parameter (the Snakefile exports it), since it
    # changes no result
    shell:
        'wallnet data --job {params.job:q} --data-folder "$WALLNET_DATA_FOLDER"'
        ' --sources "$WALLNET_DATA_SOURCES" --out {output:q} > {log:q} 2>&1'


rule train:
    """A network with free weights (stage fp32), with the neuron's measured activation."""
    input:
        data=files.DATA,
        neuron=ancient(files.COMPACT_MODEL.format(device=campaign.networks.neuron)),
    output:
        metrics=free_network(files.METRICS),
        checkpoint=free_network(files.CHECKPOINT),
    log:
        files.log_of(free_network(files.METRICS)),
    benchmark:
        files.benchmark_of(free_network(files.METRICS))
    threads: campaign.networks.threads
    resources:
        mem_mb=lambda w, attempt: 1500 * attempt,
        runtime=lambda w, attempt: 30 * attempt,
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
        start=free_network(files.CHECKPOINT),
    output:
        metrics=expand(files.METRICS, stage=STAGES[1:], allow_missing=True),
        checkpoint=expand(files.CHECKPOINT, stage=STAGES[1:], allow_missing=True),
    log:
        files.log_of(filled(files.METRICS, stage=STAGES[1])),
    benchmark:
        files.benchmark_of(filled(files.METRICS, stage=STAGES[1]))
    threads: campaign.networks.threads
    resources:
        mem_mb=lambda w, attempt: 1500 * attempt,
        runtime=lambda w, attempt: 30 * attempt,
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
    """Test accuracies of all networks, as data and to read."""
    input:
        network_report.metrics(campaign.networks),
    output:
        csv=filled(files.TABLE, table="accuracy", suffix=".csv"),
        markdown=filled(files.TABLE, table="accuracy", suffix=".md"),
        html=report(
            filled(files.TABLE, table="accuracy", suffix=".html"),
            caption="../report/networks-accuracy-table.rst",
            category="Networks",
            labels={"result": "test accuracy"},
        ),
    log:
        files.log_of(filled(files.TABLE, table="accuracy", suffix=".csv")),
    benchmark:
        files.benchmark_of(filled(files.TABLE, table="accuracy", suffix=".csv"))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        job=lambda w: jobs.accuracy_job(campaign.networks).to_json(),
        revision=revisions.of("report"),
    shell:
        "wallnet accuracy --job {params.job:q} --csv {output.csv:q}"
        " --markdown {output.markdown:q} --html {output.html:q} > {log:q} 2>&1"


rule figure_accuracy:
    """Test error of every stage beside the paper's."""
    input:
        rules.accuracy.output.csv,
    output:
        png=report(
            png(files.FIGURE, figure="accuracy"),
            caption="../report/networks-accuracy.rst",
            category="Networks",
            labels={"result": "test error at every stage"},
        ),
        vector=vector(files.FIGURE, figure="accuracy"),
    log:
        files.log_of(png(files.FIGURE, figure="accuracy")),
    benchmark:
        files.benchmark_of(png(files.FIGURE, figure="accuracy"))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        paper=paper_rows,
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure accuracy --sources {input:q} --figures {params.figures:q}"
        " --paper {params.paper:q} --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_training_curves:
    """Accuracy over the epochs of training with free weights."""
    input:
        network_report.curves_inputs(campaign.networks),
    output:
        png=report(
            png(files.FIGURE, figure="training-curves"),
            caption="../report/networks-training-curves.rst",
            category="Networks",
            labels={"result": "training curves"},
        ),
        vector=vector(files.FIGURE, figure="training-curves"),
    log:
        files.log_of(png(files.FIGURE, figure="training-curves")),
    benchmark:
        files.benchmark_of(png(files.FIGURE, figure="training-curves"))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        paper=paper_rows,
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure training-curves --sources {input:q} --figures {params.figures:q}"
        " --paper {params.paper:q} --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"


rule figure_weights:
    """Histograms of the weights from input to hidden layer at all stages."""
    input:
        lambda w: network_report.weights_inputs(campaign.networks, w.dataset, w.device),
    output:
        png=report(
            png(files.NETWORK_FIGURE, figure="weights"),
            caption="../report/networks-weights.rst",
            category="Networks",
            labels={"result": "{dataset}: weights on {device}"},
        ),
        vector=vector(files.NETWORK_FIGURE, figure="weights"),
    log:
        files.log_of(png(files.NETWORK_FIGURE, figure="weights")),
    benchmark:
        files.benchmark_of(png(files.NETWORK_FIGURE, figure="weights"))
    wildcard_constraints:
        dataset="|".join(campaign.networks.datasets),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
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
            png(files.NETWORK_FIGURE, figure="confusion"),
            caption="../report/networks-confusion.rst",
            category="Networks",
            labels={"result": "{dataset}: confusion matrices on {device}"},
        ),
        vector=vector(files.NETWORK_FIGURE, figure="confusion"),
    log:
        files.log_of(png(files.NETWORK_FIGURE, figure="confusion")),
    benchmark:
        files.benchmark_of(png(files.NETWORK_FIGURE, figure="confusion"))
    wildcard_constraints:
        dataset="|".join(campaign.networks.datasets),
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
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
            png(files.DATASET_FIGURE, figure="misread"),
            caption="../report/networks-misread.rst",
            category="Networks",
            labels={"result": "{dataset}: misread images"},
        ),
        vector=vector(files.DATASET_FIGURE, figure="misread"),
    log:
        files.log_of(png(files.DATASET_FIGURE, figure="misread")),
    benchmark:
        files.benchmark_of(png(files.DATASET_FIGURE, figure="misread"))
    localrule: True
    resources:
        mem_mb=lambda w, attempt: 500 * attempt,
        runtime=lambda w, attempt: 10 * attempt,
    params:
        figures=figure_style,
        revision=revisions.of("report"),
    shell:
        "wallnet network-figure misread --sources {input:q} --figures {params.figures:q}"
        " --png {output.png:q} --vector {output.vector:q} > {log:q} 2>&1"
