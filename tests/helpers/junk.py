"""Campaigns and jobs with faults."""

import copy
import json

import yaml
from hypothesis import strategies as st

from helpers.small_campaign import ROOT

REPOSITORY = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))

numbers = st.one_of(
    st.integers(),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(),
    st.sampled_from([0, -1, 1, 1e-300, 1e300, 10**400, -0.0, "1e999", "0x10", "1_000", "nan"]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    numbers,
    st.text(max_size=20),
    st.sampled_from(["", " ", ".", "..", "../../etc/passwd", "a\nb", "\x00", "é", "none", "rest"]),
    st.dates(),
    st.binary(max_size=8),
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=12), scalars), inner, max_size=4),
    ),
    max_leaves=8,
)
plain_junk = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(data, path=()):
    """Return the paths to all items in nested data."""
    entries = []
    if isinstance(data, dict):
        entries = list(data.items())
    elif isinstance(data, list):
        entries = list(enumerate(data))
    for key, value in entries:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def spoilt(draw, bases, values=junk, most=4):
    """Draw valid data and change, remove, add, move or scale one or a few items."""
    data = copy.deepcopy(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(1, most))):
        paths = list(places(data))
        if not paths:
            break
        *parents, last = draw(st.sampled_from(paths))
        block = data
        for key in parents:
            block = block[key]
        how = draw(st.sampled_from(["replace", "remove", "add", "copy", "scale", "misspell"]))
        if how == "remove":
            del block[last]
        elif how == "add" and isinstance(block, dict):
            block[draw(st.text(max_size=12))] = draw(values)
        elif how == "misspell" and isinstance(block, dict):
            block[f"{last}{draw(st.sampled_from('sx_ '))}"] = block.pop(last)
        elif how == "copy":
            other = data
            for key in draw(st.sampled_from(paths)):
                other = other[key]
            block[last] = copy.deepcopy(other)
        elif how == "scale" and isinstance(block[last], float):
            factor = draw(st.sampled_from([-1, 0, 0.5, 2, 3, 1e-12, 1e-9, 1e-6, 1e-3, 1e3, 1e9]))
            block[last] = block[last] * factor
        else:
            block[last] = draw(values)
    return data


@st.composite
def spoilt_text(draw, text):
    """Draw a text and remove, repeat, replace or insert parts of it."""
    for _ in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, len(text)))
        last = draw(st.integers(first, min(len(text), first + 200)))
        middle = draw(
            st.one_of(
                st.just(""),
                st.just(text[first:last] * 2),
                st.text(max_size=10),
                st.sampled_from(
                    ["\t", ": ", "- ", "{", "[", "&a ", "*a", "!!python/name:os.system "]
                ),
            )
        )
        text = text[:first] + middle + text[last:]
    return text


def as_json(data):
    """Return data as JSON without checks, with NaN and everything else that Python accepts."""
    return json.dumps(data, default=str)
