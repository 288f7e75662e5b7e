"""What rules look up: requests of results, results of rounds, names of outputs, options of commands.

Each result in the report has only one label. From several labels, Snakemake makes a switch if two
values are equally frequent, and its page fails if the two sides do not correspond.

Functions pass text from the configuration to `params`, since Snakemake interprets braces in plain
strings as wildcards.
"""

from wallnet.config.declarations import PACKAGED
from wallnet.config.mappings import split_mapping
from wallnet.files import compact
from wallnet.studies import gather_job


def one_of(names):
    """Return a pattern that matches these names; nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def figure_style(wildcards):
    """Return the style of all figures, as JSON."""
    return campaign.figures.model_dump_json()


def growing(amount):
    """Return a resource that grows with each attempt."""
    return lambda wildcards, attempt: attempt * amount


def as_options(paths):
    """Return named inputs as the words of options: --name path."""
    return [word for name, path in paths.items() for word in (f"--{name}", path)]


def activation_of_neuron():
    """Return the activation of the networks, as JSON."""
    model = files.COMPACT_MODEL.format(device=campaign.networks.neuron)
    return compact.decisive(model, campaign.networks.reading_of_neuron)


def levels_of(wildcards, mappings):
    """Return the levels of a synapse for each level set of some mappings, as JSON."""
    model = files.COMPACT_MODEL.format(device=wildcards.device)
    level_sets = dict.fromkeys(split_mapping(name).level_set for name in mappings)
    return [compact.decisive(model, wildcards.reading, name) for name in level_sets]


requested = plan.requests.Requested(campaign)

if main_process:
    checked(requested.check)


def request(wildcards):
    """Return the request of a result; end the run with one sentence if there is none."""
    try:
        return requested[f"{files.RESULTS}/{wildcards.result}.nc"]
    except ConfigError as error:
        # with any other exception, Snakemake prints a traceback of this function
        logger.error(str(error))
        sys.exit(1)


def computed(wildcards):
    """Return what a request computes; a job on a cluster reads its user-defined class first."""
    job = request(wildcards).computes
    if not main_process and job.calculator_name not in PACKAGED:
        from wallnet.simulate.registry import class_of

        checked(class_of, job.calculator_name)
    return job


def results_before(wildcards):
    """Return the results that a request starts from."""
    return list(request(wildcards).after)


def software(wildcards):
    """Return the environment with the software of a request's calculator; None if it has none."""
    name = request(wildcards).software
    return f"../envs/{name}.yaml" if name else None


def memory(wildcards, attempt):
    """Return the memory of a request in MB."""
    return attempt * computed(wildcards).memory


def runtime(wildcards, attempt):
    """Return the longest time of a request in minutes."""
    return attempt * computed(wildcards).runtime


def gathering(study, wildcards, last=None):
    """Return the job that gathers what the rounds up to one asked for, as JSON."""
    requests = requested.of_subject(study, wildcards.subject, last)
    return gather_job(study, campaign, wildcards.subject, requests).to_json()


def results_of_rounds(study, wildcards, last):
    """Return the results that the rounds up to one asked for, once these are finished."""
    for number in range(1, last + 1):
        checkpoints.round.get(study=study.name, subject=wildcards.subject, round=number)
    requests = requested.of_subject(study, wildcards.subject, last)
    return [request.path for request in requests]


def left_open(shown):
    """Return the files of a row, with its wildcards; the report shows its figure or its HTML."""
    outputs = shown.written(campaign, device="{device}", dataset="{dataset}")
    reported = "png" if "png" in outputs else "html"
    outputs[reported] = report(
        outputs[reported],
        caption=f"../report/{shown.rule}.rst",
        category=shown.category,
        labels={"result": shown.label},
    )
    return outputs


def values(shown, wildcard):
    """Return a pattern of the values of a wildcard of a row."""
    return one_of(
        {place[wildcard] for place in shown.places(campaign) if wildcard in place}
    )
