"""What a target says of a study that is not configured."""

from pathlib import Path

import pytest
import yaml

from wallnet import config, plan
from wallnet.plan.start import missing
from wallnet.studies import STUDIES

STARTER = Path(config.__file__).with_name("example.yaml").read_text(encoding="utf-8")
END = ", in config.yaml or studies.yaml"


MORE = {
    "sweeps": "add disorder",
    "calibration": "needs reference.final_states",
    "crosscheck": "set track.edges: stairs",
}
"""What some studies need beside, of the starter's synapse."""


@pytest.mark.parametrize("name", [name for name, one in STUDIES.items() if not one.shared])
def test_what_it_needs_can_be_written_as_the_sentence_says(name):
    """The device is a synapse, of which each study asks something."""
    campaign = yaml.safe_load(STARTER)
    first, _, written = missing(STUDIES[name], plan.parse(campaign)).partition(", such as ")
    assert first.startswith(f"the target {name} has nothing to run; add ")
    assert written.endswith(END)
    section = yaml.safe_load(written.removesuffix(END))
    assert [*section] == [name]
    assert "neuron" not in written
    if name in MORE:
        with pytest.raises(config.ConfigError, match=MORE[name]):
            plan.parse(campaign | section)
    else:
        assert STUDIES[name].results(plan.parse(campaign | section))


def test_without_a_simulated_device_the_key_is_named():
    campaign = plan.parse(yaml.safe_load(STARTER)).model_copy(update={"devices": {}})
    sentence = "the target thermal has nothing to run; add a device under thermal"
    assert missing(STUDIES["thermal"], campaign) == sentence + END
