"""The summary of the campaign: the page that people open."""


rule summary:
    """What the campaign found, its main figures, and links to all results."""
    input:
        plan.summary.summary_sources(plan.summary.summary_job(campaign)),
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
        # what the page shows if it is there, and does not ask for
        noted=lambda w: plan.summary.noted_results(plan.summary.summary_job(campaign)),
        revision=[*map(revisions.of, ("report", *(f"show {name}" for name in STUDIES)))],
    shell:
        "wallnet show page.summary --job - --sources folder=. --to html={output:q}"
        " <<< {params.job:q} > {log:q} 2>&1"
