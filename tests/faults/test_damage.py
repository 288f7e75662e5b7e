"""Damaged results are found before a run is planned and computed again; others are kept."""

import itertools
import os
import re
import shutil
from pathlib import Path

import pytest
from helpers import forked
from helpers.killing import with_command
from helpers.same import assert_same

from wallnet import files
from wallnet.files.whole import digest_path, note_digest

pytestmark = pytest.mark.campaign


def flip(path):
    """Change one bit in the middle of a file and keep its size and time."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def delete(path):
    path.unlink()


HARMS = (flip, truncate, empty, delete)

NETWORKS = "results/networks/blots"
ON_LEVELS = f"{NETWORKS}/synapse/series/layer/plain"

KINDS = {
    "results/traces/neuron/0.4000.nc": "neuron/0.4000|(devices|compact_models)/neuron|summary",
    "results/levels/synapse/1-2.nc": "(devices|compact_models|levels)/synapse"
    "|tables/programming|summary",
    "results/data/blots.json": "data|networks|accuracy|training-curves|programming|summary",
    f"{NETWORKS}/none/none/none/plain/fp32/seed-3/metrics.json": "networks|accuracy|training"
    "|programming|summary",
    f"{ON_LEVELS}/quantized/seed-3/programming.nc": f"{ON_LEVELS}|accuracy|figures/networks"
    "|tables/programming|summary",
    f"{ON_LEVELS}/on_levels/seed-3/best.ckpt": f"{ON_LEVELS}|accuracy|figures/networks"
    "|tables/programming|summary",
    "results/tables/accuracy.csv": "accuracy|summary",
    "results/tables/devices/synapse.md": "tables/devices/synapse",
    "results/tables/parameters.html": "tables/parameters|summary",
    "results/figures/devices/synapse-dynamics.png": "synapse-dynamics",
    "results/figures/networks/blots/misread.pdf": "misread",
}
"""A file of every kind, and the files that may be computed again with it or from it.

Networks depend on levels and activation, which do not change.
"""


def results(folder):
    """Return every result with data that show whether it was written again."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.glob("results/**/*")
        if path.is_file() and not re.search("/logs/|/benchmarks/|/[.]", str(path))
    }


def pytest_generate_tests(metafunc):
    """Select some of all cases; with --all-damage every kind of file with every damage."""
    if {"name", "harm"} <= set(metafunc.fixturenames):
        cases = list(itertools.product(KINDS, HARMS))
        if not metafunc.config.getoption("--all-damage"):
            cases = [(f"{ON_LEVELS}/quantized/seed-3/programming.nc", flip)]
        metafunc.parametrize(
            ("name", "harm"), [pytest.param(n, h, id=f"{n[8:]}-{h.__name__}") for n, h in cases]
        )


def test_damaged_files_are_made_again_by_one_run(whole, finished_campaign, name, harm):
    """Beside the one, a figure is empty."""
    before = results(whole.folder)
    harm(whole.folder / name)
    figure = "results/figures/devices/synapse-write-energy.png"
    empty(whole.folder / figure)
    said = whole.snakemake().stderr
    for damaged in {figure} if harm is delete else {figure, name}:
        assert f"{damaged} is damaged (its content is not what was written)" in said
    count = 1 if harm is delete else 2
    assert f"{count} damaged were set aside, to be computed again." in said
    assert_same(whole.folder, finished_campaign.folder)
    after = results(whole.folder)
    again = {path for path in before if before[path] != after[path]}
    assert {name, figure} <= again
    unneeded = [p for p in again if not re.search(f"{KINDS[name]}|synapse-write-energy", p)]
    assert not unneeded
    assert whole.planned() == {}


def test_all_damage_to_every_file_is_found(whole):
    """Each file of the campaign is damaged in each way; the plan finds deleted files."""
    memory = whole.folder / ".snakemake/wallnet-digests.json"
    folder = whole.folder / "results"
    assert files.find_damaged(folder, memory) == {}
    names = results(whole.folder)
    assert len(names) > 50
    for name in names:
        path = whole.folder / name
        content = path.read_bytes()
        for harm in HARMS[:3]:
            harm(path)
            assert files.find_damaged(path.parent, memory) == {str(path): files.whole.NOT_WRITTEN}
            path.write_bytes(content)


def test_a_dry_run_leaves_a_damaged_result_and_its_digest_in_place(campaign):
    """A run renames it until the new one is complete."""
    name = "results/initial/neuron.nc"
    path = campaign.folder / name
    files.write_text("as it was written", path)
    path.write_text("as it was changed")
    noted = digest_path(path).read_text()
    said = campaign.snakemake("--dry-run", "traces").stdout
    assert f"{name} is damaged (its content is not what was written)" in said
    assert "1 damaged would be set aside, to be computed again." in said
    # also that of the other device, which does not exist yet
    assert re.search(r"^initial +2$", said, re.MULTILINE)
    assert path.read_text() == "as it was changed"
    assert digest_path(path).read_text() == noted
    assert sorted(file.name for file in path.parent.iterdir()) == [
        ".neuron.nc.sha256",
        "neuron.nc",
    ]
    said = campaign.snakemake(name).stderr
    assert "1 damaged were set aside, to be computed again." in said
    files.read_dataset(path, "run")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        ".neuron.nc.sha256",
        "neuron.nc",
    ]


def test_a_campaign_that_runs_is_not_looked_at(whole):
    """Its files change while a second campaign looks, which is rejected in any case."""
    name = "results/traces/synapse/1.5000.nc"
    flip(whole.folder / name)
    locks = whole.folder / ".snakemake/locks"
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text(f"{name}\n")
    before = results(whole.folder)
    refused = whole.snakemake(check=False)
    assert "cannot be locked" in refused.stderr
    assert results(whole.folder) == before


def test_damage_during_a_run_is_said_and_repaired_by_the_next(whole, finished_campaign, tmp_path):
    """A reader rejects a file that was damaged after the plan and leaves it in its place."""
    harmed, remade = "results/levels/synapse/1-2.nc", "results/devices/synapse.nc"
    (whole.folder / remade).unlink()
    # a byte in the middle, before the device is gathered
    middle = (whole.folder / harmed).stat().st_size // 2
    harm = f"printf '\\001' | dd of={harmed} bs=1 seek={middle} conv=notrunc 2> /dev/null"
    program = Path(*forked.shared().values(), "wallnet")
    environment = with_command(tmp_path / "harming", f'{harm}\nexec {program} "$@"')
    before = (whole.folder / harmed).read_bytes()
    refused = whole.snakemake(remade, check=False, environment=environment)
    assert (whole.folder / harmed).read_bytes() != before
    assert refused.returncode
    said = refused.stdout + refused.stderr
    assert f"wallnet: {harmed} is damaged" in said
    assert "run snakemake again; it computes the file again" in said
    assert "Missing files" not in said
    assert (whole.folder / harmed).exists()
    assert "  gather_devices: " in said[said.index("Failed at every attempt (1):") :]
    whole.snakemake(remade)
    assert_same(whole.folder, finished_campaign.folder)


def test_a_result_that_a_reader_refuses_is_made_again(whole, finished_campaign):
    """Its digest is correct, but its content is unusable, due to an older version or a bug."""
    name = "results/devices/synapse.nc"
    shutil.copyfile(whole.folder / "results/devices/neuron.nc", whole.folder / name)
    digest_path(whole.folder / name).unlink()
    path = whole.folder / "results/traces/neuron/0.4000.nc"
    path.write_bytes(b"not netCDF")
    note_digest(path)
    (whole.folder / "results/devices/neuron.nc").unlink()
    refused = whole.snakemake(check=False)
    assert f"{path.relative_to(whole.folder)} is damaged or not netCDF" in (
        refused.stdout + refused.stderr
    )
    said = whole.snakemake("results/traces/neuron/0.4000.nc").stderr
    assert "0.4000.nc is damaged or not netCDF" in said
    assert_same(whole.folder, finished_campaign.folder, "results/traces")
