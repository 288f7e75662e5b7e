"""An animation shows every snapshot of a trace; what it cannot be is refused in one sentence."""

import shutil
import sys

import numpy as np
import pytest
from helpers.small_campaign import MATERIAL, TINY
from PIL import Image

from wallnet import api, cli, files
from wallnet.config import Figures
from wallnet.report import animation, style

SHORT = {"material": MATERIAL, "output": {"interval": 20e-12, "snapshot_interval": 60e-12}}


@pytest.fixture(scope="module")
def trace():
    device = TINY["devices"]["synapse"] | SHORT | {"relaxation": {"longest": 0}}
    return api.simulate(api.make_device(**device), 3e12, progress=False)


@pytest.fixture(scope="module")
def stored(trace, tmp_path_factory):
    path = tmp_path_factory.mktemp("traces") / "synapse/3.0000.nc"
    files.write_dataset(trace, path, "run", {})
    return path


def test_each_picture_has_the_map_of_its_snapshot(trace):
    """The colours of all cells, whose sizes in pixels follow from the frame of the map."""
    with style.apply(Figures()):
        pictures = np.array(list(animation.frames(trace, Figures())))
        colours = style.magnetization_map()
    maps = trace["magnetization"].sel(component="z").values
    assert len(pictures) == len(maps) == 11
    # black lines around the map
    dark = (pictures[0] < 60).all(axis=-1)
    rows = np.flatnonzero(dark.mean(axis=1) > 0.8)
    columns = np.flatnonzero(dark.mean(axis=0) > 0.5)
    (top, bottom), (left, right) = (
        np.array([indices[0], indices[-1] + 1]) for indices in (rows, columns)
    )
    height, width = maps.shape[1:]
    y = np.rint(bottom - (np.arange(height) + 0.5) / height * (bottom - top)).astype(int)
    x = np.rint(left + (np.arange(width) + 0.5) / width * (right - left)).astype(int)
    assert (bottom - top) / (right - left) == pytest.approx(72 / 360, rel=0.02, abs=0)
    for picture, m_z in zip(pictures, maps, strict=True):
        inside = np.isfinite(m_z)
        expected = 255 * colours((m_z[inside] + 1) / 2)[:, :3]
        pixels = picture[np.ix_(y, x)][inside].astype(float)
        assert np.abs(pixels - expected).max() < 3
    # the time above each map is its own
    above = pictures[:, : top - 2]
    assert len({strip.tobytes() for strip in above}) == len(pictures)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_the_command_writes_every_snapshot(stored, tmp_path, suffix):
    path = tmp_path / f"wall{suffix}"
    cli.main(["animate", str(stored), "--out", str(path)])
    with Image.open(path) as image:
        assert image.n_frames == 11
        assert image.info["loop"] == 0


def test_the_default_name_tells_the_device_and_the_pulse(stored, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main(["animate", str(stored)])
    assert capsys.readouterr().out == "synapse-3.0000.gif\n"
    assert [path.name for path in tmp_path.iterdir()] == ["synapse-3.0000.gif"]


FFMPEG = """#!{python}
import pathlib, sys
data = sys.stdin.buffer.read()
pathlib.Path(sys.argv[-1]).write_text(f"{{len(data)}} " + " ".join(sys.argv[1:-1]))
sys.exit({status} if not print("broken\\nUnknown encoder", file=sys.stderr) else 0)
"""


def with_ffmpeg(folder, monkeypatch, status):
    """Put a program on PATH that writes how much it read, and its options."""
    program = folder / "bin/ffmpeg"
    program.parent.mkdir()
    program.write_text(FFMPEG.format(python=sys.executable, status=status))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_ffmpeg_gets_all_pictures_and_their_size(trace, tmp_path, monkeypatch):
    with_ffmpeg(tmp_path, monkeypatch, 0)
    api.animate(trace, tmp_path / "wall.mp4", frames_per_second=5)
    size, *options = (tmp_path / "wall.mp4").read_text().split()
    columns, rows = map(int, options[options.index("-s") + 1].split("x"))
    assert int(size) == 11 * 3 * columns * rows
    assert options[options.index("-r") + 1] == "5"


def test_what_cannot_be_written_is_refused(trace, stored, tmp_path, monkeypatch):
    def refused(*command):
        with pytest.raises(SystemExit) as ended:
            cli.main(["animate", *map(str, command)])
        return str(ended.value)

    monkeypatch.chdir(tmp_path)
    assert "wall.avi has an unsupported format; end it in .gif, .webp or .mp4" in refused(
        stored, "--out", "wall.avi"
    )
    assert "none.nc" in refused("none.nc")
    (tmp_path / "text.nc").write_text("text")
    assert "text.nc" in refused("text.nc")
    without = files.read_dataset(stored, "run").drop_dims(["snapshot", "y"])
    files.write_dataset(without, tmp_path / "train.nc", "run", {})
    assert "train.nc has no maps; name a trace that has some" in refused("train.nc")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("ffmpeg") is None
    assert "wall.mp4 needs ffmpeg, which is not on PATH; install it, or end the file in" in refused(
        stored, "--out", "wall.mp4"
    )
    with_ffmpeg(tmp_path, monkeypatch, 1)
    assert "wall.mp4 is not written, since ffmpeg fails (Unknown encoder); end it in" in refused(
        stored, "--out", "wall.mp4"
    )
    assert not [*tmp_path.glob("wall*"), *tmp_path.glob("*.gif")]
