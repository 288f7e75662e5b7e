"""Variables of each kind of dataset, with their dimensions, units, texts and bounds.

Only this module defines them. `content` and `dataset` create data from these definitions.
`fault_of` and `impossible` check a file against them. Importing the module needs neither NumPy nor
xarray.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from wallnet.files.schema.states import WallState
from wallnet.files.whole import FileError

if TYPE_CHECKING:
    import xarray
    from numpy.typing import ArrayLike, NDArray

COMPONENTS = ("x", "y", "z")
READINGS = ("parallel", "series")

STATE = "state of a wall"
"""Type of text that names a state (`wallnet.files.WallState`)."""

TEXT = "text"
"""Type of any other text."""

_DEVICE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")

_SLACK = 1e-3
"""Largest excess of a unit vector's length over 1, from single precision and averages."""


@dataclass(frozen=True)
class Variable:
    """Definition of one variable of a dataset.

    Attributes
    ----------
    dimensions : tuple of str
        Names of its axes. A variable with a single axis of its own name, or with no axis, is a
        coordinate.
    long_name : str
        Description.
    units : str
        SI unit; "1" for a number without a unit, empty if the variable is not a number.
    type : str
        NumPy type, `TEXT` or `STATE`.
    bounds : tuple of float, optional
        Least and greatest possible value in the unit; NaN is accepted.
    attributes : mapping
        Further attributes.
    values : tuple of str
        Fixed values, if any.
    """

    dimensions: tuple[str, ...]
    long_name: str
    units: str = "1"
    type: str = "float64"
    bounds: tuple[float, float] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it contains text, including names of states."""
        return self.type in (TEXT, STATE)

    @property
    def is_vector(self) -> bool:
        """Whether it contains means of unit vectors."""
        return len(self.dimensions) > 1 and self.dimensions[-1] == "component"


ON_TRACK: dict[str, Any] = {"units": "m", "bounds": (0.0, 1e-3)}
CURRENT_DENSITY: dict[str, Any] = {"units": "A/m2", "bounds": (-1e14, 1e14)}
TIME: dict[str, Any] = {"units": "s", "bounds": (0.0, 1e-2)}
CONDUCTANCE: dict[str, Any] = {"units": "S", "bounds": (0.0, 1e3)}
ENERGY: dict[str, Any] = {"units": "J", "bounds": (-1e-9, 1e-9)}
_FIELD: dict[str, Any] = {"units": "A/m", "bounds": (0.0, 1e12)}
_RISE: dict[str, Any] = {"units": "K", "bounds": (0.0, 1e40)}


def answer(unknown: str = "") -> dict[str, Any]:
    """Return type, bounds and attributes of a flag; with a third value for what is unknown."""
    meaning = "0 no, 1 yes" + (f", -1 {unknown}" if unknown else "")
    low = -1 if unknown else 0
    return {"type": "int8", "bounds": (low, 1), "attributes": {"values_mean": meaning}}


FLAG = answer()
EDGE: dict[str, Any] = {"attributes": {"comment": "NaN where there is none"}, **CURRENT_DENSITY}

_PULSE = ("current_density",)
_SWEEP = ("current_density", "time")
_OVER_TIME = ("wall_position", "wall_bottom", "wall_top", "applied_current_density")


def _ends(prefix: str, axis: tuple[str, ...], when: str, **about: Any) -> dict[str, Variable]:
    """Return the positions at which a wall meets the lower and the upper edge."""
    return {
        f"{prefix}wall_{end}": Variable(
            axis, f"wall position at the {edge} edge{when}", **ON_TRACK, **about
        )
        for end, edge in (("bottom", "lower"), ("top", "upper"))
    }


VARIABLES = {
    # axes
    "component": Variable(("component",), "component", "", TEXT, values=COMPONENTS),
    "reading": Variable(
        ("reading",),
        "parallel: cells in parallel (Eq. 2); series: resistance linear in m_z",
        "",
        TEXT,
        values=READINGS,
    ),
    "x": Variable(("x",), "position along the track", "m"),
    "y": Variable(("y",), "position across the track", "m"),
    "time": Variable(("time",), "time since the start", **TIME),
    "current_density": Variable(_PULSE, "current density of each pulse", **CURRENT_DENSITY),
    # of several kinds
    "m": Variable(("time", "component"), "magnetisation averaged over magnetic cells"),
    "wall_position": Variable(("time",), "mean wall position, length (1 - <m_z>)/2", **ON_TRACK),
    **_ends("", ("time",), ""),
    "applied_current_density": Variable(("time",), "applied current density", **CURRENT_DENSITY),
    "magnetization_profile": Variable(
        ("time", "x", "component"),
        "magnetisation averaged over the magnetic cells of each column",
        type="float32",
    ),
    "magnetic_cells": Variable(("x",), "magnetic cells in each column", type="int32"),
    "pulse_current_density": Variable((), "current density of the pulse", **CURRENT_DENSITY),
    "normalized_final_conductance": Variable(
        ("reading", *_PULSE),
        "conductance when the device is read, normalised (paper, Eq. 3): of a synapse from its "
        "first to its last level, of a neuron over the sweep",
    ),
    "pulse": Variable(
        ("pulse",), "number of the pulse, counted from 1; 0 is the state before", type="int64"
    ),
    "pulse_magnetization": Variable(
        ("pulse", "y", "x", "component"),
        "magnetisation at the end of the pause after each pulse",
        type="float32",
    ),
    "duration": Variable(("duration",), "duration of the pulses", **TIME),
}
"""All variables of all kinds of dataset. A name has the same meaning in every kind."""

KINDS: dict[str, tuple[str, ...]] = {}
"""Names of the variables of each kind of file, coordinates last."""

OPTIONAL: dict[str, tuple[str, ...]] = {}
"""Variables that a file of a kind has all of or none of."""


def add(
    kind: str, first: tuple[str, ...] = (), others: tuple[str, ...] = (), /, **variables: Variable
) -> None:
    """Add a kind of file.

    Parameters
    ----------
    kind : str
        Its name.
    first, others : tuple of str
        Variables of several kinds that it has before and after its own.
    **variables : Variable
        Its variables that no other kind has.
    """
    VARIABLES.update(variables)
    KINDS[kind] = (*first, *variables, *others)


# variables of some kinds, by their dimensions
_single = partial(Variable, ())
_map = partial(Variable, ("y", "x", "component"))
_image = partial(Variable, ("image",))
_of_pulse = partial(Variable, ("pulse",))
_of_sweep = partial(Variable, _PULSE)
_reading = partial(Variable, ("reading",))
_level = partial(Variable, ("level",))
_level_reading = partial(Variable, ("reading", "level"))
_weight = partial(Variable, ("weight",))
_output = partial(Variable, ("output",))


def _heating(where: str) -> Variable:
    about = f"temperature rise of a pulse of 1e12 A/m2 and after it, {where}"
    return Variable(("heating_time",), about, **_RISE)


add(
    "initial",
    (),
    ("x", "y", "component"),
    initial_magnetization=_map("magnetisation where pulses start", type="float32"),
)
add(
    "trace",
    ("m", *_OVER_TIME, "magnetization_profile", "magnetic_cells"),
    ("time", "x", "y", "component", "pulse_current_density"),
    magnetization=Variable(
        ("snapshot", "y", "x", "component"), "magnetisation of each snapshot", type="float32"
    ),
    snapshot_time=Variable(("snapshot",), "time of the snapshot", **TIME),
)
add(
    "minimum",
    (),
    ("x", "y", "component"),
    minimum_magnetization=_map("magnetisation at the minimum"),
    minimum_energy=_single("energy of the film, of all terms", **ENERGY),
    minimum_residual_field=_single("largest |m × H × m|", **_FIELD),
    minimum_stiffness=_single(
        "field that opposes the softest change of m, per unit of m; positive at a minimum", "A/m"
    ),
    **_ends("minimum_", (), " at the minimum"),
    minimum_converged=_single("whether this is a local minimum of the energy", **FLAG),
)
add(
    "barrier",
    (),
    ("x", "y", "component"),
    path_energy=_image("energy of the film along the path", **ENERGY),
    **_ends("path_", ("image",), " along the path"),
    path_distance=_image(
        "geodesic distance along the path, root of the sum of squared angles", "rad"
    ),
    barrier_forward=_single(
        "highest energy of the path above its beginning; NaN if there is no path", **ENERGY
    ),
    barrier_backward=_single(
        "highest energy of the path above its end; NaN if there is no path", **ENERGY
    ),
    saddle=_single("image with the highest energy; -1 if there is no path", type="int32"),
    saddle_magnetization=_map("magnetisation of this image", type="float32"),
    saddle_residual_field=_single(
        "largest |m × H × m| at the saddle point; NaN if none was reached", **_FIELD
    ),
    saddle_stiffness=Variable(
        ("mode",),
        "field that opposes the two softest changes of m at the saddle point, per unit of m",
        "A/m",
    ),
    barrier_converged=_single(
        "whether this is a saddle point, from which the energy falls in one way", **FLAG
    ),
)
add(
    "train",
    _OVER_TIME,
    ("time", "pulse"),
    pulse_train_current_density=_of_pulse(
        "current density of each pulse; 0 before the first", **CURRENT_DENSITY
    ),
    pulse_start=_of_pulse("start of the pulse", **TIME),
    pulse_duration=_of_pulse("duration of the pulse", **TIME),
    pause_end=_of_pulse("end of the pause after the pulse", **TIME),
    pulse_state=_of_pulse("state of the wall at the end of the pause after each pulse", type=STATE),
    pulse_settled=_of_pulse(
        "whether both wall ends rest at the end of the pause",
        **answer("the pause is too short to tell"),
    ),
    pulse_wall_position=_of_pulse("mean wall position at the end of the pause", **ON_TRACK),
    **_ends("pulse_", ("pulse",), " at the end of the pause"),
)
OPTIONAL["train"] = (
    *("m", "magnetization_profile", "magnetic_cells", "pulse_magnetization"),
    *("x", "y", "component"),
)
_MOMENT = ("replica", "pulse", "moment")
add(
    "ensemble",
    (
        *("pulse_train_current_density", "pulse_start", "pulse_duration", "pause_end"),
        *("magnetic_cells", "applied_current_density"),
    ),
    ("x", "time", "pulse"),
    **_ends("replica_", _MOMENT, " at the temperature"),
    replica_m_z=Variable(_MOMENT, "m_z averaged over magnetic cells"),
    replica_profile=Variable(
        (*_MOMENT, "x"),
        "m_z averaged over the magnetic cells of each column",
        type="float32",
    ),
    **_ends("quenched_", _MOMENT[:2], " after the quench to 0 K at the end of the pause"),
    quenched_state=Variable(
        _MOMENT[:2], "state of the quenched wall; empty after the end of a train", type=TEXT
    ),
    replica_spin_temperature=Variable(
        _MOMENT[:2], "measured temperature of the magnetisation", "K", bounds=(0.0, 1e5)
    ),
    onward_time=Variable(
        ("replica",), "time for which a free wall goes on after the last pause; NaN if not", **TIME
    ),
    onward_state=Variable(
        ("replica",), "state of its quenched wall then; empty if it does not", type=TEXT
    ),
    **_ends("onward_", ("replica",), " then"),
    **_ends("traced_", ("traced", "time"), " of the first replicas"),
    traced=Variable(("traced",), "number of the replica", type="int64"),
    replica=Variable(("replica",), "number of the replica", type="int64"),
    moment=Variable(
        ("moment",), "end of the pulse or of its pause", "", TEXT, values=("pulse", "pause")
    ),
)
VARIABLES.update(
    traced_m=Variable(
        ("traced", "time", "component"),
        "magnetisation of the first replicas, averaged over magnetic cells",
    ),
    traced_profile=Variable(
        ("traced", "time", "x"),
        "m_z of the first replicas, averaged over the magnetic cells of each column",
        type="float32",
    ),
)
OPTIONAL["ensemble"] = ("traced_m", "traced_profile", "component")
add(
    "track",
    (),
    ("time", "component", "reading", "current_density"),
    sweep_m=Variable(
        (*_SWEEP, "component"),
        "magnetisation averaged over magnetic cells, of all pulses",
        type="float32",
    ),
    sweep_wall_position=Variable(
        _SWEEP,
        "mean wall position, length (1 - <m_z>)/2, of all pulses",
        type="float32",
        **ON_TRACK,
    ),
    **_ends("sweep_", _SWEEP, ", of all pulses", type="float32"),
    end_time=_of_sweep("end of the trace", **TIME),
    read_time=_of_sweep("when it is read", **TIME),
    held=_of_sweep(
        "whether both wall ends rest against the current as the pulse ends",
        **answer("at a temperature, where nothing rests"),
    ),
    state=_of_sweep("state of the wall at the end of the trace", type=STATE),
    settled=_of_sweep(
        "whether both wall ends rest at the end of the trace", **answer("not asked to rest")
    ),
    metal_current_density=_of_sweep("largest current density in the heavy metal", "A/m2"),
    metal_current=_of_sweep("largest current in the heavy metal", "A"),
    metal_voltage=_of_sweep("largest voltage between the ends of the heavy metal", "V"),
    write_energy=_of_sweep("energy of the pulse in the heavy metal", "J"),
    mean_temperature_rise=_of_sweep("largest temperature rise, mean over the width", **_RISE),
    temperature_rise=_of_sweep("largest temperature rise, in the middle of the track", **_RISE),
    outside_model=_of_sweep(
        "whether the pulse heats the track outside the constant-parameter model", **FLAG
    ),
    beyond_model=_of_sweep("whether the pulse heats the track above its Curie temperature", **FLAG),
    conductance=Variable(
        ("reading", *_SWEEP), "conductance of all pulses", type="float32", **CONDUCTANCE
    ),
    final_conductance=Variable(
        ("reading", *_PULSE), "conductance when the device is read", **CONDUCTANCE
    ),
    final_wall_position=_of_sweep(
        "mean wall position, length (1 - <m_z>)/2, when the device is read", **ON_TRACK
    ),
    **_ends("final_", _PULSE, ", when the device is read"),
    wall_velocity=_of_sweep(
        "velocity of the mean wall under current",
        "m/s",
        attributes={"comment": "NaN where the wall is too seldom away from the track's ends"},
    ),
    arrival_time=Variable(
        (*_PULSE, "notch"),
        "when both wall ends are at the edge of the notch, or beyond",
        attributes={"comment": "NaN where they never are"},
        **TIME,
    ),
    notch=Variable(("notch",), "number of the notch, counted from 1", type="int64"),
    heating_mean=_heating("mean over the width"),
    heating_middle=_heating("in the middle of the track"),
    heating_time=Variable(("heating_time",), "time since the start of a pulse", **TIME),
)
add(
    "synapse",
    (*KINDS["track"], "normalized_final_conductance"),
    normalized_level_conductance=_level_reading(
        "conductance at rest, normalised from the first to the last level (paper, Eq. 3)"
    ),
    level_conductance=_level_reading("conductance at rest", **CONDUCTANCE),
    level_state=_level("state of the level", type=STATE),
    level_resting_state=_level(
        "state to which a wall initialised at the level relaxed", type=STATE
    ),
    level_source=_level("what the level was measured from", type=TEXT),
    level_position=_level("mean wall position at rest", **ON_TRACK),
    half=_level("whether the wall is pinned at two notches", **FLAG),
    stable=_level(
        "whether a pulse of the sweep or a wall initialised there ended there at rest, and the "
        "energy has a minimum there if that was examined; always at the first and the last level",
        **FLAG,
    ),
    reachable=_level("whether a pulse of the sweep ends there at rest", **FLAG),
    reaching_current_density=_level(
        "smallest current density that ends there at rest",
        attributes={
            "comment": "0 at the start, which needs no pulse; NaN where no pulse of the sweep ends"
        },
        **CURRENT_DENSITY,
    ),
    level_beyond_model=_level(
        "whether all pulses of the sweep that end there heat the track above its Curie temperature",
        **FLAG,
    ),
    level_minimum=_level("whether the energy has a local minimum there", **answer("not examined")),
    level_energy=_level("energy at the minimum; NaN where there is none", **ENERGY),
    level_residual_field=_level("largest |m × H × m| where the minimisation ended", **_FIELD),
    level_stiffness=_level(
        "field that opposes the softest change of m at the minimum, per unit of m; NaN where "
        "there is none",
        "A/m",
    ),
    level_shift=_level(
        "largest distance of a wall end at rest from where the minimisation ended; NaN where "
        "the level has no wall",
        **ON_TRACK,
    ),
    level=_level("place among all levels, half ones included", type="int64"),
)
VARIABLES.update(
    level_conductance_noise=Variable(
        ("reading", "level"),
        "standard deviation of the conductance in the second half of the relaxation",
        attributes={
            "comment": "in the band up to noise_bandwidth; NaN where no relaxation was simulated"
        },
        **CONDUCTANCE,
    ),
    noise_bandwidth=Variable(
        (), "bandwidth of level_conductance_noise, 1/(2 output.interval)", "Hz"
    ),
)
OPTIONAL["synapse"] = ("level_conductance_noise", "noise_bandwidth")
add(
    "neuron",
    (*KINDS["track"], "normalized_final_conductance"),
    normalized_current_density=_of_sweep(
        "current density normalised from the least to the greatest one >= 0 (Eq. 3)"
    ),
    quartic=Variable(
        ("reading", "power"),
        "coefficients of the activation, ascending powers of J_norm",
        attributes={
            "lowest_input": 0.0,
            "highest_input": 1.0,
            "below_lowest_input": "0: the wall does not reach the detector",
            "above_highest_input": "the value at the highest input: saturated",
        },
    ),
    fault=_reading("what makes the curve no activation; empty if nothing does", type=TEXT),
    fit_error=_reading("largest deviation of a simulated point from the quartic; NaN if unknown"),
    fit_rms=_reading("root mean square deviation of the simulated points from the quartic"),
    relu_deviation=_reading("largest deviation of a simulated point from the ideal ReLU"),
    power=Variable(("power",), "power of J_norm", type="int64"),
)
add(
    "programming",
    usable_conductance=Variable(
        ("usable_level",), "conductance of the levels that the mapping uses", **CONDUCTANCE
    ),
    weight_layer=_weight("layer of the weight, counted from 0", type="int16"),
    weight_row=_weight("row of the weight in its layer: the output", type="int32"),
    weight_column=_weight(
        "column of the weight in its layer: the input, or channel, row and column of a kernel in "
        "one number",
        type="int32",
    ),
    programmed_level=Variable(
        ("weight", "polarity"),
        "level of each synapse, an index of usable_conductance",
        type="int16",
        attributes={"comment": "-1 where the weight has no such synapse"},
    ),
    programmed_conductance=Variable(
        ("weight", "polarity"),
        "conductance of each synapse",
        attributes={"comment": "NaN where the weight has no such synapse"},
        **CONDUCTANCE,
    ),
    output_layer=_output("layer of the output, counted from 0", type="int16"),
    output_row=_output("row of the output in its layer", type="int32"),
    weight_offset=_output("weight of the row at normalised conductance 0", type="float32"),
    weight_scale=_output(
        "weight of the row per normalised conductance",
        type="float32",
        attributes={
            "comment": "weight = weight_offset + weight_scale · (plus - minus), conductances "
            "normalised from the first to the last of usable_conductance"
        },
    ),
    bias=_output("bias of the row, not a synapse; NaN if there is none", type="float32"),
    polarity=Variable(
        ("polarity",),
        "synapse whose conductance is added or subtracted",
        "",
        TEXT,
        values=("plus", "minus"),
    ),
    layer=Variable(("layer",), "name of the layer, from the input on", "", TEXT),
)


def meanings(values: Mapping[str, str]) -> dict[str, str]:
    """Return the attribute of a variable that says what each of its values means."""
    return {"values_mean": "; ".join(f"{name}: {meaning}" for name, meaning in values.items())}


def names_of(kind: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return the variables of a file of a kind, which has the given ones."""
    optional = OPTIONAL.get(kind, ())
    # the names of components are fixed, so that they tell nothing
    return KINDS[kind] + (optional if {*optional[:-1]} & {*given} else ())


@dataclass(frozen=True)
class Content:
    """Variables of a kind of file as plain arrays, and the file's attributes.

    To import xarray takes 0.4 s and 44 MB. A short job that only reads and writes arrays therefore
    uses this class instead of a dataset.

    Attributes
    ----------
    kind : str
        Key of `KINDS`.
    values : dict
        Array of each variable by its name, with the type of the schema.
    attrs : dict
        Attributes of the file.
    """

    kind: str
    values: "dict[str, NDArray[Any]]"
    attrs: dict[str, Any] = field(default_factory=dict)

    def dataset(self) -> "xarray.Dataset":
        """Return it as a dataset, with the dimensions and attributes of the schema."""
        import xarray

        made = {
            name: (VARIABLES[name].dimensions, array, about(name))
            for name, array in self.values.items()
        }
        return xarray.Dataset(
            {name: made[name] for name in made if not is_coordinate(name)},
            coords={name: made[name] for name in made if is_coordinate(name)},
            attrs=self.attrs,
        )


def content(
    kind: str, values: Mapping[str, "ArrayLike"], attrs: Mapping[str, Any] | None = None
) -> Content:
    """Return the content of a file of a kind, with the types of the schema.

    Parameters
    ----------
    kind : str
        Key of `KINDS`.
    values : Mapping
        Values of each variable of the kind by its name, in its unit. Variables whose values the
        schema fixes, such as the names of components, are left out.
    attrs : Mapping, optional
        Attributes of the file.

    Returns
    -------
    Content
        All variables of the kind, and no others.

    Raises
    ------
    FileError
        If a variable is missing, is not of the kind, or has a wrong number of dimensions or size.
    """
    import numpy as np

    names = names_of(kind, values)
    fixed = {name: VARIABLES[name].values for name in names if VARIABLES[name].values}
    given = {**fixed, **values}
    faults = [f"has {name}, which its schema lacks" for name in values if name not in names]
    made: dict[str, NDArray[Any]] = {}
    sizes: dict[str, int] = {}
    for name in names:
        variable = VARIABLES[name]
        if name not in given:
            faults.append(f"lacks {name}")
            continue
        array = np.asarray(given[name], dtype="str" if variable.is_text else variable.type)
        if array.ndim != len(variable.dimensions):
            faults.append(f"has {name} over {array.ndim} dimensions, not {variable.dimensions}")
        for dimension, size in zip(variable.dimensions, array.shape, strict=False):
            if sizes.setdefault(dimension, size) != size:
                faults.append(f"has {name} of size {size} over {dimension}, not {sizes[dimension]}")
        made[name] = array
    if faults:
        raise FileError(f"a dataset of kind {kind!r} {'; it '.join(faults)}; report this as a bug")
    return Content(kind, made, dict(attrs or {}))


def dataset(
    kind: str, values: Mapping[str, "ArrayLike"], attrs: Mapping[str, Any] | None = None
) -> "xarray.Dataset":
    """Return a dataset of a kind, with dimensions, types and attributes; see `content`."""
    return content(kind, values, attrs).dataset()


def is_coordinate(name: str) -> bool:
    """Return whether a variable is a coordinate: a single axis of its own name, or no axis."""
    return VARIABLES[name].dimensions in ((name,), ())


def about(name: str) -> dict[str, Any]:
    """Return the attributes of a variable."""
    variable = VARIABLES[name]
    units = {"units": variable.units} if variable.units else {}
    return {**units, "long_name": variable.long_name, **variable.attributes}


def fault_of(dimensions: Mapping[str, tuple[str, ...]], kind: str) -> str | None:
    """Compare the variables of a file of the right kind with its schema.

    Parameters
    ----------
    dimensions : Mapping
        Dimensions of each variable by its name.
    kind : str
        Key of `KINDS`.

    Returns
    -------
    str or None
        Variable that is missing or has other dimensions, as in "lacks m"; None if there is none.
    """
    for name in names_of(kind, dimensions):
        if name not in dimensions:
            return f"lacks {name}"
        if dimensions[name] != VARIABLES[name].dimensions:
            return f"has {name} over {dimensions[name]}, not {VARIABLES[name].dimensions}"
    return None


def impossible(values: "Mapping[str, NDArray[Any]]", attrs: Mapping[str, Any]) -> str | None:
    """Look for values that no device can have, as in a foreign or changed file.

    Parameters
    ----------
    values : Mapping
        Arrays of any variables by their names.
    attrs : Mapping
        Attributes of the file.

    Returns
    -------
    str or None
        The first variable or attribute with such a value, and the value; None if there is none.
    """
    for name, variable in VARIABLES.items():
        if name in values and (fault := _fault(variable, values[name])):
            return f"has {name} {fault}"
    if "state" in attrs and (fault := _no_state(attrs["state"])):
        return f"has state {fault}"
    device = attrs.get("device", "none")
    if not _DEVICE_NAME.match(str(device)):
        return f"has the device {str(device)[:40]!r}, which is not a name of a device"
    return None


def _fault(variable: Variable, values: "NDArray[Any]") -> str | None:
    """Return the fault of a variable's values, as text to follow its name."""
    import numpy as np

    if variable.bounds:
        low, high = variable.bounds
        if values.dtype.kind not in "fiu":
            return f"of type {values.dtype}, not numbers"
        outside = values[(values < low - 1e-9 * high) | (values > high * (1 + 1e-9))]
        if outside.size:
            return f"= {outside.flat[0]:.6g}, which is not between {low:g} and {high:g}"
    if variable.is_vector:
        length = np.sqrt((values.astype(np.float64) ** 2).sum(axis=-1))
        if np.any(length > 1 + _SLACK):
            return f"of length {np.nanmax(length):.6g}, which is more than 1"
    if variable.type == STATE:
        return next(filter(None, map(_no_state, values.flat)), None)
    return None


def _no_state(text: Any) -> str | None:
    """Return a fault if a text does not name a state of a wall."""
    try:
        WallState(str(text))
    except ValueError:
        return f"= {str(text)[:40]!r}, which is not a state of a wall"
    return None
