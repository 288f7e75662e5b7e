"""Named stacks of a heavy metal and a magnet: values of the literature that belong together."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

StackName = Literal["pt-co", "w-cofeb", "aupt-co"]


class Stack(NamedTuple):
    """Heavy metal, torques, damping and DMI of a stack."""

    resistivity: float
    """Of the heavy metal in Ω m."""
    spin_hall_angle: float
    """Efficiency of the damping-like torque, with the sign of the spin Hall angle."""
    thickness: float
    """Of the heavy metal in m."""
    heat_capacity: float
    """Of the heavy metal in J/(m³ K)."""
    field_like: float
    """Field-like torque, in units of the damping-like one."""
    damping: float
    """Gilbert α."""
    interfacial_dmi: float
    """D times the thickness of the magnet, in J/m; the wall goes with the current."""


STACKS: Mapping[str, Stack] = {
    "pt-co": Stack(33e-8, 0.16, 3e-9, 2.85e6, -0.6, 0.5, 1.7e-12),
    "w-cofeb": Stack(300e-8, -0.30, 5e-9, 2.56e6, 0.0, 0.05, 0.41e-12),
    "aupt-co": Stack(83e-8, 0.35, 4e-9, 2.75e6, 0.0, 0.5, 1.7e-12),
}
"""Stacks by name.

`pt-co` is Pt(3 nm)/Co(0.6 nm)/AlOx: resistivity and angle of Zhu, Zhu, Shi, Sui, Ralph and Buhrman,
Science Advances 5, eaav8025 (2019), Table 1; field-like torque of Garello et al., Nature
Nanotechnology 8, 587 (2013), against the Oersted field; damping as Boulle et al., Physical Review
Letters 111, 217203 (2013); DMI of Belmeguenai et al., Physical Review B 91, 180405 (2015).

`w-cofeb` is β-W(5 nm)/CoFeB(0.6 nm)/MgO: angle of Pai et al., Applied Physics Letters 101, 122404
(2012), with the resistivity of Zhu et al.; DMI of Jaiswal et al., Applied Physics Letters 111,
022409 (2017), 0.68 mJ/m². Without a field-like torque, and with the least damping at which a
temperature is simulated: our choice.

`aupt-co` is Au₀.₂₅Pt₀.₇₅/Co/MgO: resistivity and angle of Zhu, Ralph and Buhrman, Physical Review
Applied 10, 031001 (2018). Thickness, no field-like torque, and damping and DMI of `pt-co`, whose
interface is alike: our choice.

Heat capacities are those of the bulk (CRC Handbook of Chemistry and Physics).
"""


def with_stack(device: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data of a device with the values of its stack, where it has none of its own."""
    completed, name = dict(device), device.get("stack")
    stack = STACKS.get(name) if isinstance(name, str) else None
    blocks = [completed.get(key, {}) for key in ("heavy_metal", "material", "track")]
    if stack is None or not all(isinstance(block, Mapping) for block in blocks):
        return completed
    metal, material, track = blocks
    metal_keys = "resistivity", "spin_hall_angle", "thickness", "heat_capacity"
    completed["heavy_metal"] = {key: getattr(stack, key) for key in metal_keys} | {**metal}
    own = {"polarization": abs(stack.spin_hall_angle), "damping": stack.damping}
    if "field_like_torque" not in material:
        own["field_like_ratio"] = stack.field_like
    material = own | {**material}
    # what is no number is refused under its own key
    with suppress(TypeError, ValueError, ZeroDivisionError, KeyError):
        material.setdefault("dmi_constant", stack.interfacial_dmi / float(track["thickness"]))
    return completed | {"material": material}
