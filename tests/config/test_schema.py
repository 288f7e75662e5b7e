"""The JSON Schema describes configurations as users write them and is up to date."""

import copy
import json
import re

import pytest
import yaml
from helpers.mapping_names import MAPPING_NAMES, WRONG_MAPPING_NAMES
from helpers.schema import SCHEMA, VALIDATOR
from helpers.small_campaign import MATERIAL, ROOT, TINY, with_networks
from oracle.oracle_campaign import configuration

from wallnet import cli, config, plan
from wallnet.config import schema
from wallnet.files.plain import laid_over
from wallnet.studies import STUDIES

TRAINING = {"epochs": 1, "learning_rate": 1e-3}
SHIFTED = TRAINING | {"shift": {"mnist": 2, "fashion-mnist": 1}}
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


def fits(data):
    """Return whether the schema accepts data as read from YAML, with lists instead of tuples."""
    return VALIDATOR.is_valid(json.loads(json.dumps(data)))


def is_parsed(data):
    try:
        plan.parse(data)
    except config.ConfigError:
        return False
    return True


def changed(path, value, base=TINY):
    """Return a copy of a campaign with one key set; `...` removes it."""
    data = copy.deepcopy(base)
    *parents, last = path.split("/")
    block = data
    for key in parents:
        block = block.setdefault(key, {})
    if value is ...:
        del block[last]
    else:
        block[last] = value
    return data


def test_the_schema_is_one():
    VALIDATOR.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == VALIDATOR.META_SCHEMA["$id"]


def test_the_stored_schema_is_current(capsys):
    """It states every key, bound and default."""
    cli.main(["schema"])
    stored = (ROOT / "docs/config.schema.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == stored, "run `wallnet schema > docs/config.schema.json`"


def test_the_shipped_configuration_names_the_schema():
    first = (ROOT / "config.yaml").read_text(encoding="utf-8").partition("\n")[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert json.loads((ROOT / named[1]).read_text(encoding="utf-8")) == SCHEMA


def examples():
    """Yield the configurations in the pages, merged into the shipped one."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
            data = yaml.safe_load(block)
            if set(data) <= set(SCHEMA["properties"]):
                yield laid_over(SHIPPED, data)


def test_every_configuration_of_the_repository_is_accepted():
    example = yaml.safe_load((ROOT / "src/wallnet/config/example.yaml").read_text("utf-8"))
    shown = list(examples())
    assert len(shown) >= 2
    for data in (SHIPPED, example, TINY, with_networks(), configuration(), *shown):
        assert fits(data), [error.message for error in VALIDATOR.iter_errors(data)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        # misspelt keys
        ("device", {}),
        ("devices/synapse/track/notches/diametre", 32e-9),
        # wrong units
        ("devices/neuron/track/length", 0.2),
        ("devices/neuron/pulse/current_densities", [{"start": 0.1, "stop": 0.5, "step": 0.1}]),
        ("figures/width", 178),
        # out of bounds
        ("material/damping", -0.5),
        ("devices/synapse/track/notches/count", 2.5),
        ("networks/seeds", [-1]),
        # of another kind
        ("devices", {}),
        ("devices/neuron", 3),
        ("devices/neuron/track/length", "200 nm"),
        ("devices/neuron/pulse/current_densities", 0.5e12),
        ("devices/neuron/pulse/current_densities", []),
        # words
        ("calculator", "flim"),
        ("networks/mappings", ["layer-extnded"]),
        # names that are not valid file names
        ("devices/Synapse", {"like": "synapse"}),
        ("devices/none", {"like": "synapse"}),
        ("networks/own_datasets/My set", {"folder": "Blots/raw"}),
        ("networks/own_datasets/blots", {"folder": "/home/blots"}),
        ("crosscheck/engines/cases/a b", {"device": "neuron", "current_density": 0.2e12}),
        # missing
        ("networks/recipes/plain", {"fp32": {"epochs": 1}}),
        # recipes
        ("networks/recipes/plain", {"fp32": TRAINING, "model": "densee"}),
        ("networks/recipes/plain", {"fp32": TRAINING | {"dropout": 1.0}}),
        ("networks/recipes/plain", {"fp32": TRAINING | {"shift": {"mnist": 9}}}),
        (
            "networks/recipes/plain",
            {"fp32": TRAINING, "on_levels": TRAINING | {"mappings": ["fitted"]}},
        ),
        ("networks/recipes/plain", {"fp32": TRAINING, "continued": TRAINING}),
        # changes of a case
        (
            "crosscheck/engines/cases/a",
            {"device": "neuron", "current_density": 0.2e12, "changes": {"x": 1}},
        ),
        (
            "crosscheck/engines/cases/a",
            {"device": "neuron", "current_density": 0.2e12, "changes": {"calculator": "film"}},
        ),
    ],
)
def test_typing_errors_and_wrong_units_are_refused(path, value):
    data = changed(path, value)
    assert not fits(data)
    assert not is_parsed(data)


@pytest.mark.parametrize("name", [*MAPPING_NAMES, *WRONG_MAPPING_NAMES])
def test_names_of_mappings_are_those_that_the_program_splits(name):
    right = name in MAPPING_NAMES
    # a pattern of JSON Schema has no form that refuses a final newline in every language
    if not name.endswith("\n"):
        assert fits(changed("networks/mappings", [name])) == right
    assert is_parsed(changed("networks/mappings", [name])) == right


VARIANT = {"like": "synapse", "track": {"notches": {"count": 2}}, "material": {"damping": 0.3}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("devices/variant", {"like": "synapse"}),
        ("devices/variant", VARIANT),
        ("devices/variant", VARIANT | {"kind": "track", "track": {"notches": None}}),
        ("devices/variant", VARIANT | {"pulse": {"current_densities": ["0.5e12", 0, -1e12]}}),
        ("devices/variant", VARIANT | {"shown": None, "detector": {"start": None}}),
        ("devices/neuron/read_at", "2e-10"),
        ("devices/neuron/film", {"frozen_change": 0}),
        ("material/damping", "5e-1"),
        ("networks/recipes/plain", {"fp32": TRAINING, "fine_tuned": None, "on_levels": None}),
        ("networks/recipes/plain", {"fp32": SHIFTED, "model": "package.part:Net"}),
        ("networks/recipes/plain", {"fp32": TRAINING, "layers": ["LSTM"], "fold_batch_norm": True}),
        (
            "networks/recipes/plain",
            {
                "model": "convolutional",
                "fp32": TRAINING | {"dropout": 0, "weight_limit": 4.0},
                "on_levels": TRAINING | {"mappings": ["signed-fitted"], "dropout": "2e-1"},
            },
        ),
        (
            "crosscheck/engines/cases/a-0.1",
            {"device": "synapse", "current_density": "1.5e12", "changes": {"film": {}}},
        ),
    ],
)
def test_what_is_inherited_and_numbers_that_yaml_leaves_as_text_are_accepted(path, value):
    data = changed(path, value)
    assert fits(data), [error.message for error in VALIDATOR.iter_errors(data)]
    assert is_parsed(data)


def test_material_stands_at_the_top_or_in_each_device():
    """It may be split between both; a key that is in neither is missing."""
    alone = changed("material", ...)
    for name, whole in {"neuron": False, "synapse": True}.items():
        alone = changed(f"devices/{name}/material", MATERIAL, alone)
        assert fits(alone)
        assert is_parsed(alone) == whole
    parts = changed("material", {"damping": 0.5})
    rest = {key: value for key, value in MATERIAL.items() if key != "damping"}
    for name in ("neuron", "synapse"):
        assert not is_parsed(parts)
        parts = changed(f"devices/{name}/material", rest, parts)
    assert fits(parts)
    assert is_parsed(parts)


@pytest.mark.parametrize(
    "path",
    [
        "devices/neuron/pulse/current_densities",
        "material/damping",
    ],
)
def test_what_a_device_may_inherit_is_missed_by_the_program_only(path):
    """An editor does not know what devices inherit."""
    assert fits(changed(path, ...))
    assert not is_parsed(changed(path, ...))


def test_every_key_says_what_it_means_and_in_which_unit():
    made = schema.of_campaign(STUDIES)
    described = {
        f"{name}.{key}": node.get("description", "")
        for name, block in ({"Campaign": made} | made["$defs"]).items()
        for key, node in block["properties"].items()
    }
    assert [key for key, text in described.items() if not re.match(r"[A-Z].*\.\Z", text)] == []
    assert described["Track.length"].startswith("Length along x. Unit: m. Source: paper")
    assert "Unit: A/m²." in described["Pulse.current_densities"]
    assert "Unit: m." in described["Detector.start"]
    assert "Unit" not in described["Material.damping"]
    # keys that a section inherits from another one
    assert described["FreeTraining.epochs"] == described["LevelTraining.epochs"]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_an_example_is_valid_over_the_shipped_configuration(path):
    """As with `snakemake --configfile`, which lays its keys over those of config.yaml.

    Networks of an example are laid over this example, and others over the shipped studies too.
    """
    studies = yaml.safe_load((ROOT / "studies.yaml").read_text(encoding="utf-8"))
    below = path.with_name(path.name.replace("_network.", "."))
    own, under = (yaml.safe_load(one.read_text(encoding="utf-8")) for one in (path, below))
    plan.parse(laid_over({**SHIPPED, **studies} if below == path else under, own))
