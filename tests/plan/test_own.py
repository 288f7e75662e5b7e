"""User-defined classes that a campaign names, also in a cross-check only."""

import pytest
from helpers.crosscheck import crosschecked

from wallnet import config, plan
from wallnet.plan.start import check_named, own_calculators, own_classes


@pytest.fixture
def data():
    """Return a campaign with a calculator of a device and one of a cross-check."""
    settings = {"calculator_settings": {"c:D": {"y": 2}}}
    case = {"device": "synapse", "current_density": 0.5e12, "changes": settings}
    data = crosschecked(calculators=["film", "c:D"], cases={"one": case})
    data["devices"]["neuron"] |= {"calculator": "a:B", "calculator_settings": {"a:B": {"x": 1}}}
    return data


def test_every_calculator_of_one_s_own_that_a_campaign_names_is_listed(data):
    campaign = plan.parse(data)
    assert list(own_calculators(campaign)) == [("a:B", {"x": 1}), ("c:D", {"y": 2})]
    assert own_classes(campaign) == {"a:B": "calculator", "c:D": "calculator"}


def test_modules_that_are_not_there_are_named_at_once(data):
    with pytest.raises(config.ConfigError) as refused:
        check_named(plan.parse(data))
    said = str(refused.value).splitlines()
    words = "config.yaml: calculator {}: there is no module {};"
    for line, (name, module) in zip(said, [("a:B", "a"), ("c:D", "c")], strict=True):
        assert line.startswith(words.format(name, module))


def test_settings_under_a_wrong_name_are_refused(tiny):
    tiny["calculator_settings"] = {"wallnet.film:Engine": {"time_step_fraction": 0.5}}
    tiny["devices"]["neuron"]["calculator"] = "wallnet.film:Engine"
    check_named(plan.parse(tiny))
    tiny["calculator_settings"]["wallnet.film:Engin"] = {}
    with pytest.raises(config.ConfigError) as refused:
        check_named(plan.parse(tiny))
    assert str(refused.value) == (
        "config.yaml: calculator_settings.wallnet.film:Engin belongs to no calculator; did you "
        "mean wallnet.film:Engine?"
    )
