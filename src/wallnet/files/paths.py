"""Path patterns of all results, with wildcards in braces, for the rules and the package."""

from pathlib import PurePosixPath

RESULTS = "results"

TABLE_SUFFIXES = (".csv", ".md", ".html")
"""Endings of the tables of a device or a study."""

INITIAL = "results/initial/{device}.nc"
TRACE = "results/traces/{device}/{current}.nc"
LEVEL = "results/levels/{device}/{state}.nc"
MINIMA = "results/minima/{device}.nc"
DEVICE = "results/devices/{device}.nc"
COMPACT_MODEL = "results/compact_models/{device}.json"
DATA = "results/data/{dataset}.json"
NETWORKS = "results/networks"
NETWORK = NETWORKS + "/{dataset}/{device}/{reading}/{mapping}/{recipe}/{stage}/seed-{seed}"
ON_SYNAPSE = NETWORKS + "/{dataset}/{device}/{reading}/seed-{seed}.json"
METRICS = NETWORK + "/metrics.json"
CHECKPOINT = NETWORK + "/best.ckpt"
PROGRAMMING = NETWORK + "/programming.nc"
IMPERFECTIONS = "results/imperfections/{device}.nc"
AS_MADE = "results/as_made"
AS_MADE_NETWORK = (
    AS_MADE + "/{dataset}/{device}/{reading}/{mapping}/{recipe}/{stage}/{causes}/seed-{seed}.nc"
)
COMPARISON = "results/mappings/{dataset}/{device}/{reading}/seed-{seed}.json"
VALIDATION = "results/validation/{check}.json"
SUMMARY = "results/summary.html"
SUMMARY_TABLE = "results/tables/summary.csv"
REPORT = "results/report.html"
TABLE = "results/tables/{table}{suffix}"
DEVICE_TABLE = "results/tables/devices/{device}{suffix}"
LEVELS_TABLE = "results/tables/levels/{device}{suffix}"
FIGURE = "results/figures/{figure}{suffix}"
PREVIEW = "results/preview/{device}.png"
PARAMETERS_PREVIEW = "results/preview/parameters/{device}.png"
DEVICE_FIGURE = "results/figures/devices/{device}-{figure}{suffix}"
DATASET_FIGURE = "results/figures/networks/{dataset}/{figure}{suffix}"
NETWORK_FIGURE = "results/figures/networks/{dataset}/{figure}-{device}{suffix}"


SAMPLES = "samples"
"""Folder, below the results, of those of samples; each has a folder of its own there."""


def of_sample(path: str, number: int | str) -> str:
    """Return the path of a result of a numbered sample.

    Examples
    --------
    >>> of_sample("results/initial/synapse.nc", 3)
    'results/samples/3/initial/synapse.nc'
    """
    return str(PurePosixPath(RESULTS, SAMPLES, str(number), *PurePosixPath(path).parts[1:]))


def of_device(path: str) -> str:
    """Return the path without the folder of its sample.

    Examples
    --------
    >>> of_device("results/samples/3/initial/synapse.nc"), of_device("results/initial/synapse.nc")
    ('results/initial/synapse.nc', 'results/initial/synapse.nc')
    """
    parts = PurePosixPath(path).parts
    return str(PurePosixPath(RESULTS, *parts[3:])) if parts[1:2] == (SAMPLES,) else path


def folder_of(pattern: str, device: str) -> str:
    """Return the folder of a device's files of one kind.

    Examples
    --------
    >>> folder_of("results/traces/{device}/{current}.nc", "neuron")
    'results/traces/neuron'
    """
    return str(PurePosixPath(pattern).parent).format(device=device)


def log_of(output: str) -> str:
    """Return the path of the log of a job, given the first output of the job.

    Examples
    --------
    >>> log_of("results/traces/{device}/{current}.nc")
    'results/logs/traces/{device}/{current}.log'
    """
    return _beside_results(output, "logs", ".log")


def benchmark_of(output: str) -> str:
    """Return the path of Snakemake's record of the time and memory of the job of an output.

    Examples
    --------
    >>> benchmark_of("results/data/mnist.json")
    'results/benchmarks/data/mnist.tsv'
    """
    return _beside_results(output, "benchmarks", ".tsv")


def _beside_results(output: str, kind: str, suffix: str) -> str:
    path = PurePosixPath(output)
    stem = path.name.rpartition(".")[0]
    return str(PurePosixPath(RESULTS, kind, *path.parts[1:-1], stem + suffix))
