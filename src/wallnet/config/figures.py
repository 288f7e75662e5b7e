"""Style of figures; a change of these keys only draws the figures again."""

from typing import Annotated, Literal

from pydantic import Field

from wallnet.config.quantities import Quantity, Section


class Figures(Section):
    """Style of all figures."""

    width: Annotated[float, Quantity("m", 0.02, 1.0, fix="0.178 m is a page")] = 0.178
    """Width of a figure. Source: width of a page."""
    font_size: Annotated[float, Quantity("pt", 4.0, 24.0)] = 8.0
    """Size of all text. Source: our choice."""
    resolution: Annotated[int, Field(ge=72, le=1200)] = 200
    """Dots per inch of the PNG. Source: our choice."""
    vector_format: Literal["pdf", "svg"] = "pdf"
    """Format of the vector file. Source: our choice."""
