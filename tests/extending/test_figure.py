"""A figure, added as docs/extending.md describes."""

from helpers.extending import apply, copied, environment_of, gallery_after_tests


def test_a_figure_takes_three_places_and_is_drawn(finished_devices, tmp_path):
    root = copied(tmp_path / "checkout")
    assert len(apply("A figure", root)) <= 3
    figure = "results/figures/devices/synapse-resting-walls"
    campaign = finished_devices.copied(tmp_path / "campaign")
    options = {"root": root, "environment": environment_of(root)}
    planned = campaign.planned(f"{figure}.png", **options)
    assert planned == {"figure_resting_walls": 1}
    campaign.snakemake(f"{figure}.png", **options)
    image = (campaign.folder / f"{figure}.png").read_bytes()
    assert image.startswith(b"\x89PNG")
    assert b"resting-walls" in image
    assert (campaign.folder / f"{figure}.pdf").exists()
    assert "### `resting-walls`" in gallery_after_tests(root)
