"""The stages of a network, and what identifies a network.

A stage is a row of `STAGES`. Its class says what `wallnet.networks.stages` computes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from wallnet.files.paths import NETWORK, NETWORKS


@dataclass(frozen=True)
class Stage:
    """A stage of a network, with its name in paths, and its title and explanation in the report."""

    name: str
    title: str
    text: str
    needs: str = "fp32"
    """Key of a recipe; the stage is computed for recipes that have it."""
    start: str = "fp32"
    """The stage from which it starts, if any."""
    mapped: ClassVar[bool] = True
    """Whether it uses a synapse. A stage with FP32 weights that does not has a job of its own."""
    programmed: ClassVar[bool] = True
    """Whether all weights are on the levels of the synapse."""
    trained: ClassVar[bool] = True
    """Whether the network is trained, with the settings of the key in `needs`."""


class Free(Stage):
    """Training in FP32 without a synapse, by a job of its own."""

    mapped = programmed = False


class Snapped(Stage):
    """Post-training quantisation: each weight moves to its nearest level."""

    trained = False


class Compensated(Snapped):
    """Post-training quantisation in which later weights compensate earlier ones."""


class FineTuned(Stage):
    """Further training in FP32 from weights on levels, as in the paper."""

    programmed = False


class QuantizationAware(Stage):
    """Quantisation-aware training."""


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Free("fp32", "FP32", "training in FP32"),
        Free(
            "continued",
            "FP32, continued",
            "that network, trained further in FP32 for as many epochs as on the levels",
            needs="on_levels",
        ),
        Snapped("quantized", "Quantised", "post-training quantisation to the nearest level"),
        Compensated(
            "compensated",
            "Compensated",
            "post-training quantisation in which rounding errors compensate each other (OPTQ)",
            needs="compensated",
        ),
        FineTuned(
            "fine_tuned",
            "Fine-tuned",
            "that network, trained further in FP32, as in the paper",
            needs="fine_tuned",
            start="quantized",
        ),
        Snapped(
            "fine_tuned_snapped",
            "Fine-tuned, snapped",
            "that network on the same levels again",
            needs="fine_tuned",
            start="fine_tuned",
        ),
        QuantizationAware(
            "on_levels",
            "Quantisation-aware",
            "quantisation-aware training of the FP32 network (straight-through estimator)",
            needs="on_levels",
        ),
    )
}
"""All stages of a network, by name, in the order of computation."""

LEVEL_STAGES = tuple(name for name, stage in STAGES.items() if stage.mapped)
"""The stages that start on a synapse's levels."""

PROGRAMMED_STAGES = tuple(name for name, stage in STAGES.items() if stage.programmed)
"""The stages with all weights on the levels of a synapse."""

FIRST_STAGE = next(iter(STAGES))
"""The stage with which every network starts."""

PAPER_STAGES = ("fp32", "quantized", "fine_tuned")
"""The stages of the paper's Table II."""

NO_DEVICE = "none"
"""Device, reading and mapping of a network that uses no synapse."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Network(Mapping[str, str]):
    """What identifies a network. As a mapping, its columns in tables, each with its value.

    A facet with no place in `wallnet.files.NETWORK` needs a default, at which paths and tables do
    not have it. A further one thus leaves finished results where they are.
    """

    dataset: str
    device: str = NO_DEVICE
    reading: str = NO_DEVICE
    mapping: str = NO_DEVICE
    recipe: str
    stage: str
    seed: str

    @classmethod
    def of(cls, job: Any, stage: str) -> "Network":
        """Return the network of a stage of a job; facets that the job lacks are at defaults."""
        names = (facet.name for facet in fields(cls) if hasattr(job, facet.name))
        return cls(stage=stage, **{name: str(getattr(job, name)) for name in names})

    def __iter__(self) -> Iterator[str]:
        for facet in fields(self):
            if _placed(facet.name) or getattr(self, facet.name) != facet.default:
                yield facet.name

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, facet: str) -> str:
        return getattr(self, facet)

    @property
    def place(self) -> dict[str, str]:
        """All except data set, recipe and seed: what distinguishes the networks of one job."""
        return {k: v for k, v in self.items() if k not in ("dataset", "recipe", "seed")}

    def path(self, pattern: str, networks: str | Path = NETWORKS) -> str:
        """Return one of its files (`wallnet.files.METRICS`, ...) in the folder of all networks."""
        further = "".join(f"/{k}-{v}" for k, v in self.items() if not _placed(k))
        path = pattern.replace("/seed-", f"{further}/seed-").format(**self)
        return str(Path(networks, PurePosixPath(path).relative_to(NETWORKS)))


def _placed(facet: str) -> bool:
    return f"{{{facet}}}" in NETWORK


FACETS = tuple(facet.name for facet in fields(Network) if _placed(facet.name))
"""What every network has in its path and in tables."""
