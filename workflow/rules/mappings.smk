"""Studies of mappings: their loss of accuracy, and the one that the paper may have used."""


rule compare_mappings:
    """Trained networks on a synapse's levels with every mapping, on the validation images."""
    input:
        data=files.DATA,
        synapse=ancient(files.COMPACT_MODEL),
        start=expand(
            filled(files.CHECKPOINT, **FREE),
            recipe=campaign.networks.recipes,
            allow_missing=True,
        ),
    output:
        files.COMPARISON,
    log:
        files.log_of(files.COMPARISON),
    benchmark:
        files.benchmark_of(files.COMPARISON)
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        job=lambda w: jobs.networks.comparison_job(campaign.networks, **w).to_json(),
        levels=lambda w: levels_of(w, campaign.networks.compared),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("networks"),
    shell:
        "wallnet compare-mappings --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --synapse {input.synapse:q}'
        " --networks {params.networks:q} --out {output:q} > {log:q} 2>&1"


rule interpret:
    """The paper's network, quantised in every way that its text allows."""
    input:
        data=files.DATA,
        neuron=ancient(files.COMPACT_MODEL.format(device=campaign.networks.neuron)),
    output:
        result=files.INTERPRETATION,
        weights=files.INTERPRETATION_WEIGHTS,
    log:
        files.log_of(files.INTERPRETATION),
    benchmark:
        files.benchmark_of(files.INTERPRETATION)
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        job=lambda w: jobs.networks.interpretation_job(campaign.networks, **w).to_json(),
        activation=lambda w: activation_of_neuron(),
        revision=revisions.of("networks"),
    shell:
        "wallnet interpret --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --neuron {input.neuron:q}'
        " --weights {output.weights:q} --out {output.result:q} > {log:q} 2>&1"


rule choose_interpretations:
    """The interpretations that fit the paper's MNIST numbers best."""
    input:
        plan.paths.interpretation_paths(campaign.networks),
    output:
        files.CHOSEN,
    log:
        files.log_of(files.CHOSEN),
    benchmark:
        files.benchmark_of(files.CHOSEN)
    localrule: True
    params:
        most=campaign.networks.interpretations.fine_tuned,
        revision=revisions.of("report"),
    shell:
        "wallnet choose-interpretations --results {input:q} --most {params.most:q}"
        " --out {output:q} > {log:q} 2>&1"


rule fine_tune_interpretations:
    """The chosen interpretations, trained further in FP32."""
    input:
        data=files.DATA,
        neuron=ancient(files.COMPACT_MODEL.format(device=campaign.networks.neuron)),
        weights=files.INTERPRETATION_WEIGHTS,
        chosen=files.CHOSEN,
    output:
        files.INTERPRETATION_TRAINED,
    log:
        files.log_of(files.INTERPRETATION_TRAINED),
    benchmark:
        files.benchmark_of(files.INTERPRETATION_TRAINED)
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(60),
    params:
        job=lambda w: jobs.networks.interpretation_job(campaign.networks, **w).to_json(),
        activation=lambda w: activation_of_neuron(),
        revision=revisions.of("networks"),
    shell:
        "wallnet interpret --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --neuron {input.neuron:q}'
        " --weights {input.weights:q} --fine-tune {input.chosen:q} --out {output:q}"
        " > {log:q} 2>&1"
