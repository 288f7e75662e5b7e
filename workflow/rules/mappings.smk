"""Comparison of mappings by their loss of accuracy."""


rule compare_mappings:
    """Trained networks on a synapse's levels with every mapping, on the validation images."""
    input:
        data=files.DATA,
        synapse=ancient(files.COMPACT_MODEL),
        start=plan.listing.first_checkpoints(campaign.networks),
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
        job=lambda w: jobs.networks.mapping_job(
            campaign.networks, **w, compared=True
        ).to_json(),
        levels=lambda w: levels_of(w, campaign.networks.compared),
        networks=lambda w: files.NETWORKS,
        revision=revisions.of("networks"),
    shell:
        "wallnet compare-mappings --job {params.job:q} --data {input.data:q}"
        ' --data-folder "$WALLNET_DATA_FOLDER" --synapse {input.synapse:q}'
        " --networks {params.networks:q} --out {output:q} > {log:q} 2>&1"
