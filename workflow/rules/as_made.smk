"""Networks on devices as they are made: what is known of a device, and the evaluation."""


rule imperfections:
    """What is known of the imperfections of a device: measured, simulated or assumed."""
    input:
        unpack(lambda w: plan.listing.imperfection_sources(campaign, w.device)),
    output:
        files.IMPERFECTIONS,
    log:
        files.log_of(files.IMPERFECTIONS),
    benchmark:
        files.benchmark_of(files.IMPERFECTIONS)
    localrule: True
    params:
        job=lambda w: jobs.imperfections.imperfections_job(campaign, w.device).to_json(),
        options=lambda w, input: as_options(input),
        revision=revisions.of("imperfections"),
    shell:
        "wallnet imperfections --job {params.job:q} {params.options:q} --out {output:q}"
        " > {log:q} 2>&1"


rule evaluate_as_made:
    """A finished network with all draws of a set of causes. Nothing trains."""
    input:
        data=files.DATA,
        network=files.CHECKPOINT,
        programming=files.PROGRAMMING,
        imperfections=files.IMPERFECTIONS,
    output:
        files.AS_MADE_NETWORK,
    log:
        files.log_of(files.AS_MADE_NETWORK),
    benchmark:
        files.benchmark_of(files.AS_MADE_NETWORK)
    wildcard_constraints:
        causes=one_of(campaign.as_made),
    threads: campaign.networks.threads
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
    params:
        job=lambda w: jobs.networks.as_made_job(campaign, **w).to_json(),
        revision=revisions.of("as_made"),
    shell:
        "wallnet as-made --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --network {input.network:q}'
        " --programming {input.programming:q} --imperfections {input.imperfections:q}"
        " --out {output:q} > {log:q} 2>&1"


rule:
    """Networks on devices as they are made, as a table and a figure."""
    name:
        "as-made"
    input:
        target(
            "as-made",
            plan.listing.as_made_files(campaign),
            "the target as-made has nothing to evaluate; add a set to as_made, such as"
            " as_made: {default: {}}, and networks with a stage on levels",
            lambda again: plan.work.work_of_as_made(requested),
        ),
    localrule: True
