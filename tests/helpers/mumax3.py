"""What mumax3 computes from a script, by the formulas of its documentation, in NumPy.

Reference: Vansteenkiste et al., AIP Advances 4, 107133 (2014), and the manual's API. The stray
field is left out. Exchange and interfacial DMI are those with `OpenBC = true`.
"""

import re
from pathlib import Path

import discretisedfield
import numpy as np
from PIL import Image

MU0, HBAR, CHARGE = 4e-7 * np.pi, 1.05457173e-34, 1.60217646e-19


class Script:
    """A script with its files. Values are those of the last assignment; others are refused."""

    def __init__(self, path):
        self.values, self.regions, self.links, self.steps = {}, {}, {}, []
        folder = Path(path).parent
        self.comments = []
        for line in Path(path).read_text().splitlines():
            code, _, comment = line.partition("//")
            if not code.strip():
                self.comments.append(comment.strip())
            elif match := re.fullmatch(r"(\w+)\.SetRegion\((\d+), (\S+)\)", code.strip()):
                name, number, value = match.groups()
                self.regions.setdefault(name, {})[int(number)] = float(value)
            elif match := re.fullmatch(r"ext_Inter(\w+)\((\d+), (\d+), (\S+)\)", code.strip()):
                name, *pair, value = match.groups()
                self.links[name, frozenset(map(int, pair))] = float(value)
            elif match := re.fullmatch(r"(\w+) = (.*)", code.strip()):
                name, value = match.groups()
                if name == "J":
                    self.steps.append(("J", value))
                else:
                    self.values[name] = value
            elif match := re.fullmatch(r"([\w.]+)\((.*)\)", code.strip()):
                self.steps.append(match.groups())
            else:
                raise ValueError(line)
        calls = dict(self.steps)
        self.size = [int(n) for n in calls["SetGridSize"].split(", ")]
        self.cell = [float(d) for d in calls["SetCellSize"].split(", ")]
        picture = re.fullmatch(r'ImageShape\("(\S+)"\)', calls["SetGeom"])[1]
        # rows of a picture are counted from above
        self.inside = np.array(Image.open(folder / picture).convert("L"))[::-1] < 128
        self.start, labels = (
            discretisedfield.Field.from_file(str(folder / calls[name].strip('"')))
            for name in ("m.LoadFile", "regions.LoadFile")
        )
        self.labels = labels.array[:, :, 0, 0].T.astype(int)
        self.start = self.start.array[:, :, 0].swapaxes(0, 1)

    def vector(self, name):
        """Return a vector that does not depend on time."""
        return np.array([float(v) for v in self.values[name][len("vector(") : -1].split(", ")])

    def of(self, name):
        """Return a parameter in each region, 0 where none was set."""
        table = np.zeros(256)
        if name in self.values:
            table[:] = float(self.values[name])
        for number, value in self.regions.get(name, {}).items():
            table[number] = value
        return table

    def current(self, time):
        """Return J along z at a time in s."""
        begin = 0.0
        for name, argument in self.steps:
            if name == "J":
                x, y, z = argument[len("vector(") : -1].split(", ")
                assert (x, y) == ("0", "0")
                assert re.fullmatch(r"[-+*()t\d.e ]+", z)
            elif name == "Run":
                if begin <= time < begin + float(argument):
                    return eval(z, {"t": time})
                begin += float(argument)
        raise ValueError(time)

    def link(self, name, kind, first, second):
        """Return A or D between regions: what was set, or the harmonic mean."""
        table = self.of(name)
        one, other = table[first], table[second]
        with np.errstate(divide="ignore"):
            mean = np.where(one * other > 0, 2 / (1 / one + 1 / other), 0.0)
        for index in np.ndindex(mean.shape):
            key = kind, frozenset({int(first[index]), int(second[index])})
            mean[index] = self.links.get(key, mean[index])
        return mean

    def field(self, m):
        """Return the field in T of all terms but the stray field, (rows, columns, 3)."""
        assert self.values["OpenBC"] == "true"
        labels, total = self.labels, np.zeros_like(m)
        for axis, component, edge in ((1, 0, self.cell[0]), (0, 1, self.cell[1])):
            low, high = ([slice(None)] * 2, [slice(None)] * 2)
            low[axis], high[axis] = slice(-1), slice(1, None)
            for own, other, side in ((tuple(low), tuple(high), 1), (tuple(high), tuple(low), -1)):
                both = self.inside[own] & self.inside[other]
                a, d = (
                    both * self.link(name, kind, labels[own], labels[other])
                    for name, kind in (("Aex", "Exchange"), ("Dind", "Dind"))
                )
                total[own] += 2 * a[..., None] / edge**2 * (m[other] - m[own])
                total[own][..., component] += side * d / edge * m[other][..., 2]
                total[own][..., 2] -= side * d / edge * m[other][..., component]
        axis = self.vector("AnisU")
        total += 2 * self.of("Ku1")[labels][..., None] * (m @ axis)[..., None] * axis
        return total / self.of("Msat")[labels][..., None] + self.vector("B_ext")

    def rate(self, m, time):
        """Return dm/dt in 1/s at a time."""
        assert self.values["DisableZhangLiTorque"] == "true"
        assert self.values["FixedLayerPosition"] == "FIXEDLAYER_TOP"
        alpha, moment = (self.of(name)[self.labels][..., None] for name in ("alpha", "Msat"))
        p, square = self.vector("FixedLayer"), float(self.values["Lambda"]) ** 2
        beta = HBAR / CHARGE * self.current(time) / (self.cell[2] * moment)
        along = (m @ p)[..., None]
        epsilon = float(self.values["Pol"]) * square / (square + 1 + (square - 1) * along)
        like, other = beta * epsilon, beta * float(self.values["EpsilonPrime"])
        field, across = self.field(m), np.cross(p, m)
        torque = -np.cross(m, field) - alpha * np.cross(m, np.cross(m, field))
        torque += (like + alpha * other) * np.cross(m, across)
        torque += (other - alpha * like) * across
        free = self.inside & (self.of("frozenspins")[self.labels] == 0)
        rate = float(self.values["GammaLL"]) * torque / (1 + alpha**2)
        return np.where(free[..., None], rate, 0.0)
