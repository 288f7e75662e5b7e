"""The summary of the campaign: the page that people open."""


rule summary:
    """What the campaign found, its main figures, and links to all results."""
    input:
        plan.summary.summary_sources(jobs.summary.summary_job(campaign)),
    output:
        report(
            files.SUMMARY,
            caption="../report/summary.rst",
            category="Summary",
            labels={"result": "what the campaign found"},
        ),
    log:
        files.log_of(files.SUMMARY),
    benchmark:
        files.benchmark_of(files.SUMMARY)
    localrule: True
    params:
        job=lambda w: plan.summary.linked_summary(campaign).to_json(),
        # the page shows barriers if they are there, and does not ask for them
        barriers=lambda w: plan.summary.noted_barriers(
            jobs.summary.summary_job(campaign)
        ),
        revision=revisions.of("report"),
    shell:
        "wallnet summary --job - --directory . --html {output:q} <<< {params.job:q} > {log:q} 2>&1"
