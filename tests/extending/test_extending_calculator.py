"""docs/extending.md, "A calculator": a module next to the campaign that simulates one device."""

import pytest
from helpers.extending import apply, copied, environment_of
from helpers.small_campaign import Campaign

from wallnet import files


@pytest.mark.campaign
def test_a_calculator_takes_two_places_and_simulates(tmp_path):
    root = copied(tmp_path / "checkout")
    assert len(apply("A calculator", root)) == 2
    trace = "results/traces/synapse-5-drifting/0.5000.nc"
    # the checkout is the campaign
    Campaign(root).snakemake(trace, root=root, environment=environment_of(root))
    made = files.read_dataset(root / trace, "run")
    assert made.attrs["backend"] == "drift:Drift"
    went = made["wall_bottom"].values[-1] - made["wall_bottom"].values[0]
    # 100 m/s for 10 ns, read from cells of 3 nm
    assert went == pytest.approx(1000e-9, abs=1e-9)
