"""Studies: for each, its rounds, its dataset, its tables and its figure, and its target.

There are the same rules for each study of `wallnet.studies`. The sweeps of the devices are gathered
by the same rule; their tables and figures are those of `plan.shown`. Snakemake evaluates functions
after the loop, so a function receives its study as a default argument.
"""

from wallnet.studies import QUESTIONS, STUDIES


# a checkpoint: the next simulations depend on the results of those before
checkpoint round:
    """What one round of a study simulates."""
    input:
        lambda w: results_of_rounds(STUDIES[w.study], w, int(w.round) - 1),
    output:
        f"{files.RESULTS}/{{study}}/{{subject}}/round-{{round}}.json",
    log:
        f"{files.RESULTS}/logs/{{study}}/{{subject}}/round-{{round}}.log",
    benchmark:
        f"{files.RESULTS}/benchmarks/{{study}}/{{subject}}/round-{{round}}.tsv"
    wildcard_constraints:
        study=one_of(STUDIES),
    localrule: True
    params:
        job=lambda w: gathering(STUDIES[w.study], w, int(w.round) - 1),
        revision=lambda w: revisions.of(w.study),
    shell:
        "wallnet round --job - --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


for study in QUESTIONS.values():

    rule:
        """The dataset of one subject of a study."""
        name:
            f"gather_{study.name}"
        input:
            lambda w, study=study: results_of_rounds(
                study, w, study.rounds_of(campaign, w.subject)
            ),
        output:
            study.path("{subject}"),
        log:
            files.log_of(study.path("{subject}")),
        benchmark:
            files.benchmark_of(study.path("{subject}"))
        wildcard_constraints:
            subject=one_of(study.subjects(campaign)),
        localrule: True
        params:
            job=lambda w, study=study: gathering(study, w),
            revision=revisions.of(study.name),
        shell:
            "wallnet gather --job - --out {output:q} <<< {params.job:q} > {log:q} 2>&1"


for study in STUDIES.values():

    rule:
        """The dataset of one subject as tables and as a figure."""
        name:
            f"show_{study.name}"
        input:
            study.path("{subject}"),
        output:
            csv=study.table("{subject}", ".csv"),
            markdown=study.table("{subject}", ".md"),
            html=report(
                study.table("{subject}", ".html"),
                caption=study.file("caption.rst"),
                category="Devices",
                labels={"result": f"{study.title}: table"},
            ),
            png=report(
                study.drawing("{subject}", ".png"),
                caption=study.file("caption.rst"),
                category="Devices",
                labels={"result": f"{study.title}: figure"},
            ),
            vector=study.drawing("{subject}", f".{campaign.figures.vector_format}"),
        log:
            files.log_of(study.table("{subject}", ".csv")),
        benchmark:
            files.benchmark_of(study.table("{subject}", ".csv"))
        localrule: True
        params:
            study=study.name,
            figures=figure_style,
            revision=revisions.of(f"show {study.name}"),
        shell:
            "wallnet show studies.showing --sources {params.study}={input:q}"
            " --figures {params.figures:q} --to csv={output.csv:q} markdown={output.markdown:q}"
            " html={output.html:q} png={output.png:q} vector={output.vector:q} > {log:q} 2>&1"

    rule:
        """The results of a study."""
        name:
            study.name
        input:
            target(
                study.name,
                study.results(campaign),
                plan.start.missing(study, campaign),
                lambda again, study=study: plan.work.study_work(
                    requested, study.name, again
                ),
            ),
        localrule: True
