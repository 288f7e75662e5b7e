"""Maps of m_z along a track, and its wall against time, which several figures show."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet.jobs import Run
from wallnet.report import style
from wallnet.tracks.geometry import filled_and_faces

if TYPE_CHECKING:
    import xarray

NM = 1e-9

Extent = tuple[float, float, float, float]
"""First and last position along x, and along y, in nm."""

X_LABEL, Y_LABEL = r"$\mathit{x}$ (nm)", r"$\mathit{y}$ (nm)"


def filled_cells(trace: "xarray.Dataset") -> NDArray[np.float64]:
    """Return the filled share of each cell of a trace, (rows, columns)."""
    return filled_and_faces(Run.of_dataset(trace.attrs).track)[0]


def draw_cells(axes: "style.Axes", m_z: Any, filled: Any, extent: Extent) -> Any:
    """Draw m_z of cells, within an extent in nm; partly filled cells are paler."""
    shown: dict[str, Any] = {"cmap": style.magnetization_map(), "vmin": -1, "vmax": 1}
    image = axes.imshow(m_z, alpha=filled, origin="lower", extent=extent, **shown)
    axes.set(xlim=extent[:2], ylim=extent[2:], facecolor=style.EMPTY)
    axes.tick_params(top=False, right=False, direction="out")
    return image


def draw_map(axes: "style.Axes", trace: "xarray.Dataset", time: float) -> Any:
    """Draw m_z at the snapshot nearest to a time; see `draw_cells`."""
    snapshot = int(np.argmin(np.abs(trace["snapshot_time"].values - time)))
    m_z = trace["magnetization"].isel(snapshot=snapshot).sel(component="z").values
    x, y = trace["x"].values / NM, trace["y"].values / NM
    half = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    extent = x[0] - half[0], x[-1] + half[0], y[0] - half[1], y[-1] + half[1]
    return draw_cells(axes, m_z, filled_cells(trace), extent)


def draw_ends(axes: "style.Axes", data: "xarray.Dataset") -> None:
    """Draw both ends of the wall of a trace, or of a train, in nm against time in ns."""
    time = data["time"].values / 1e-9
    for index, (edge, title) in enumerate({"bottom": "lower edge", "top": "upper edge"}.items()):
        axes.plot(time, data[f"wall_{edge}"].values / 1e-9, label=title, **style.look(index))
