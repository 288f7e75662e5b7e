"""Maps of a film's parameters in netCDF files of users."""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_args

from pydantic import BeforeValidator, Field

from wallnet.config import quantities
from wallnet.config.measured import FilePath
from wallnet.files.whole import LARGEST_JSON, one_line, regular

if TYPE_CHECKING:
    import netCDF4
    from numpy.typing import NDArray

QUANTITIES: dict[str, quantities.Quantity] = {
    name: get_args(kind)[1]
    for name, kind in {
        "saturation_magnetization": quantities.Magnetization,
        "exchange_stiffness": quantities.Stiffness,
        "dmi_constant": quantities.InterfacialDMI,
        "uniaxial_anisotropy": quantities.Anisotropy,
        "damping": quantities.Damping,
        "thickness": quantities.Length,
    }.items()
}
"""Parameters that can vary from cell to cell: keys of `material`, and the thickness of the track.
Maps have variables of these names."""


class ParameterMap(NamedTuple):
    """The content of a file: coordinates in m, and parameters over (y, x)."""

    sha256: str
    x: "NDArray[Any]"
    y: "NDArray[Any]"
    values: dict[str, "NDArray[Any]"]


class ParametersFile(quantities.Section):
    """A netCDF file, given by its name; a device depends on the digest of its content."""

    path: FilePath
    """The file, relative to the folder of the campaign."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Digest of its content."""
    parameters: tuple[str, ...]
    """Parameters of which it has maps."""


def _of_name(name: Any) -> Any:
    """Read a file that is given by its name."""
    if not isinstance(name, str):
        return name
    content = read(Path(name).expanduser())
    return {"path": name, "sha256": content.sha256, "parameters": sorted(content.values)}


MapFile = Annotated[ParametersFile, BeforeValidator(_of_name, json_schema_input_type=str)]
"""A file, given by its name."""


def read(path: str | Path) -> ParameterMap:
    """Read a map, and check dimensions, units and bounds.

    Raises
    ------
    ValueError
        If it cannot be used; the text follows the key that names the file.
    """
    try:
        content = regular(path, LARGEST_JSON).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise ValueError(
            f"names {str(path)!r}, which cannot be read ({reason}); correct it"
        ) from None
    try:
        return _parsed(content)
    except ValueError as error:
        raise ValueError(f"names {path}, which {error}") from None


@lru_cache(maxsize=4)
def _parsed(content: bytes) -> ParameterMap:
    """Return the map in the content of a file. It is cached, so nobody changes its arrays."""
    import netCDF4

    try:
        stored = netCDF4.Dataset("map", memory=content)
    except OSError as error:
        raise ValueError(f"is no netCDF file ({one_line(error)}); write one") from None
    with stored:
        stored.set_auto_mask(False)
        variables = stored.variables
        x, y = (_coordinate(variables, name) for name in ("x", "y"))
        names = [name for name in variables if name not in ("x", "y")]
        if unknown := [name for name in names if name not in QUANTITIES]:
            raise ValueError(f"has {unknown[0]!r}; it can have {', '.join(QUANTITIES)}")
        if not names:
            raise ValueError(f"has no parameter; add one of {', '.join(QUANTITIES)}")
        values = {name: _values(variables[name], name, QUANTITIES[name]) for name in names}
    return ParameterMap(hashlib.sha256(content).hexdigest(), x, y, values)


def _coordinate(variables: Mapping[str, "netCDF4.Variable[Any]"], name: str) -> "NDArray[Any]":
    """Return a coordinate in m."""
    import numpy as np

    if name not in variables or variables[name].dimensions != (name,):
        raise ValueError(f"has no coordinate {name} over the dimension {name}; add it, in m")
    _check_unit(variables[name], name, "m")
    positions = np.asarray(variables[name][...], dtype=float)
    if positions.size < 2 or not np.all(np.diff(positions) > 0):
        raise ValueError(f"has a coordinate {name} that does not ascend; order its values")
    return positions


def _values(
    variable: "netCDF4.Variable[Any]", name: str, quantity: quantities.Quantity
) -> "NDArray[Any]":
    """Return the values of a parameter, which are within its bounds."""
    import numpy as np

    if variable.dimensions != ("y", "x"):
        axes = ", ".join(variable.dimensions)
        raise ValueError(f"has {name} over ({axes}); transpose it to (y, x)")
    _check_unit(variable, name, quantity.unit)
    values = np.asarray(variable[...], dtype=float)
    # the extreme values, and all that is not finite, are within the bounds if these are
    for value in (values.min(), values.max(), np.abs(values).min()):
        try:
            quantity.checked(float(value))
        except ValueError as error:
            raise ValueError(f"has {name} = {value:g}: it {error}") from None
    return values


def _check_unit(variable: "netCDF4.Variable[Any]", name: str, unit: str) -> None:
    """Refuse another unit than that of a quantity; J/m³ may be written as J/m^3 or J/m3."""
    units = str(getattr(variable, "units", "1"))
    if re.sub(r"[\s^*]", "", in_ascii(units)) != in_ascii(unit):
        raise ValueError(f"has {name} in {units[:40]!r}; convert it, and write units: {unit}")


def in_ascii(unit: str) -> str:
    """Return a unit with plain digits as exponents."""
    return unit.translate(str.maketrans("²³", "23"))
