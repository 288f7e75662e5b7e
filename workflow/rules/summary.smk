"""The summary of the campaign: the page that people open."""

import subprocess


rule summary:
    """What the campaign found, its main figures, and links to all results."""
    input:
        plan.summary.summary_sources(plan.summary.summary_job(campaign)),
    output:
        html=report(
            files.SUMMARY,
            caption="../report/summary.rst",
            category="Summary",
            labels={"result": "what the campaign found"},
        ),
        csv=files.SUMMARY_TABLE,
    log:
        files.log_of(files.SUMMARY),
    benchmark:
        files.benchmark_of(files.SUMMARY)
    localrule: True
    params:
        job=lambda w: plan.summary.linked_summary(campaign).to_json(),
        revision=[*map(revisions.of, ("report", *(f"show {name}" for name in STUDIES)))],
    shell:
        "wallnet show page.summary --job - --sources folder=. --to html={output.html:q} csv={output.csv:q}"
        " <<< {params.job:q} > {log:q} 2>&1"


# results that the page shows and does not ask for; a page that fails is no failure of their run
onsuccess:
    if plan.summary.is_outdated(plan.summary.summary_job(campaign)):
        command = "wallnet show page.summary --job - --sources folder=. --to"
        written = subprocess.run(
            [
                *command.split(),
                f"html={files.SUMMARY}",
                f"csv={files.SUMMARY_TABLE}",
            ],
            input=plan.summary.linked_summary(campaign).to_json(),
            text=True,
            capture_output=True,
        )
        if written.returncode:
            logger.warning(
                f"{files.SUMMARY} is not rewritten: {written.stderr.strip()}"
            )
