"""How figures look; a change here redraws figures and nothing else."""

from typing import Annotated, Literal

from pydantic import Field

from wallnet.config.quantities import Section, quantity


class Figures(Section):
    """Style of all figures."""

    width: quantity("m", 0.02, 1.0, mend="0.178 m is a page") = 0.178  # type: ignore[valid-type]
    font_size: quantity("pt", 4.0, 24.0) = 8.0  # type: ignore[valid-type]
    resolution: Annotated[int, Field(ge=72, le=1200)] = 200
    vector_format: Literal["pdf", "svg"] = "pdf"
