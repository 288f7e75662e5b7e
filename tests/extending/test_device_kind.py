"""A kind of device, added as docs/extending.md describes."""

import pytest
import xarray
from helpers.extending import apply, copied, environment_of


def test_a_kind_takes_six_places_at_most_and_is_gathered(tiny, tmp_path, campaign):
    root = copied(tmp_path / "checkout")
    assert len(apply("A device kind", root)) <= 6
    switch = tiny["devices"].pop("neuron") | {"kind": "switch", "read_at": "rest"}
    switch["wall"] = {"start": 100e-9}
    switch["pulse"]["duration"] = 2e-9
    switch["pulse"]["current_densities"] = [0.1e12, 1.5e12, 2.0e12]
    tiny["devices"] = {"switch": switch}
    campaign.configure(tiny)
    table = "results/tables/devices/switch.md"
    campaign.snakemake(table, root=root, environment=environment_of(root))

    results = campaign.folder / "results"
    with xarray.open_dataset(results / "devices/switch.nc") as data:
        states = dict(zip(data["current_density"].values, data["state"].values, strict=True))
        assert list(states.values()).count("reversed") == 2
        assert float(data["switching_current_density"]) == pytest.approx(1.5e12, rel=1e-9, abs=0)
        assert data["switching_current_density"].attrs["units"] == "A/m2"
        # cells in parallel: (1 + P²)/(1 - P²) at P = 0.4; resistances of 20 and 10 kΩ
        ratios = data["conductance_ratio"].sel(reading=["parallel", "series"]).values
        assert ratios.tolist() == pytest.approx([1.16 / 0.84, 2.0], rel=1e-9, abs=0)
    table = (campaign.folder / table).read_text(encoding="utf-8")
    assert "threshold (1e12 A/m²)" in table
    assert "1.5" in table
