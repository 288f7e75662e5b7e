"""The summary of the campaign: one page in front of Snakemake's report."""


rule summary:
    """The paper beside the campaign, and the story of a synapse in four figures."""
    input:
        plan.summary_sources(jobs.summary_job(campaign)),
    output:
        report(
            files.SUMMARY,
            caption="../report/summary.rst",
            category="Summary",
            labels={"result": "the paper beside the campaign"},
        ),
    log:
        files.log_of(files.SUMMARY),
    benchmark:
        files.benchmark_of(files.SUMMARY)
    localrule: True
    params:
        job=lambda w: jobs.summary_job(campaign).to_json(),
        # the page shows barriers if they are there, and does not ask for them
        barriers=lambda w: plan.noted_barriers(jobs.summary_job(campaign)),
        revision=revisions.of("report"),
    shell:
        "wallnet summary --job - --directory . --html {output:q} <<< {params.job:q} > {log:q} 2>&1"
