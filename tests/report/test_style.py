"""The common style of figures, and saving figures."""

import json

import matplotlib
import numpy as np
import pytest
from PIL import Image

from wallnet import __version__, files
from wallnet.config import Figures
from wallnet.report import style


def draw(path, figures, metadata, vector="pdf", scale=1.0):
    with style.apply(figures):
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=style.size(figures, 0.5))
        axes.plot([0, 1], [0, scale], label="a line", **style.look(0, marker=True))
        axes.set_xlabel("time (ns)")
        png, other = path / "figure.png", path / f"figure.{vector}"
        style.save(figure, png, other, **metadata)
    return png, other


@pytest.mark.parametrize("vector", ["pdf", "svg"])
def test_the_same_figure_gives_the_same_bytes(tmp_path, vector):
    def drawn(folder, scale=1.0):
        files = draw(tmp_path / folder, Figures(resolution=72), {"revision": 1}, vector, scale)
        return [path.read_bytes() for path in files]

    first = drawn("a")
    # settings of the user must have no effect, whether or not the style sets them
    matplotlib.rcParams.update({"lines.linewidth": 7, "axes.facecolor": "red"})
    try:
        assert drawn("b") == first
    finally:
        matplotlib.rcdefaults()
    assert all(one != other for one, other in zip(first, drawn("c", 2.0), strict=True))


def test_files_say_what_made_them(tmp_path):
    """A figure of given data has the version of the package that made these."""
    for version, expected in ({}, __version__), ({"wallnet_version": "0.0.7"}, "0.0.7"):
        png, pdf = draw(tmp_path, Figures(), {"revision": 3, "device": "neuron", **version})
        made_by = json.loads(Image.open(png).info["Description"])
        assert made_by["wallnet_version"] == expected
        assert (made_by["revision"], made_by["device"]) == (3, "neuron")
        assert b"revision" in pdf.read_bytes()
        assert b"CreationDate" not in pdf.read_bytes()


def test_width_and_resolution_are_those_asked_for(tmp_path):
    png, _ = draw(tmp_path, Figures(resolution=100), {})
    assert Image.open(png).size == (700, 350)  # 178 mm are 7.008 inches


def test_settings_and_figures_do_not_outlive_the_block():
    from matplotlib import pyplot

    before, of_others = matplotlib.rcParams["font.size"], pyplot.get_fignums()
    with style.apply(Figures(font_size=5.0)):
        assert matplotlib.rcParams["font.size"] == 5.0
        pyplot.figure()
    assert matplotlib.rcParams["font.size"] == before
    assert pyplot.get_fignums() == of_others
    # one of the caller stays open
    number = pyplot.figure().number
    with style.apply(Figures()):
        pyplot.figure()
    assert pyplot.get_fignums() == [*of_others, number]
    pyplot.close(number)


def test_a_failed_save_leaves_nothing(tmp_path):
    with style.apply(Figures()):
        from matplotlib import pyplot

        figure = pyplot.figure()
        with pytest.raises(files.FileError, match=r"end it in \.pdf or \.svg"):
            style.save(figure, tmp_path / "f.png", tmp_path / "f.eps")
        (tmp_path / "f.pdf").mkdir()
        with pytest.raises(files.FileError, match=r"f\.pdf is a folder; name a file"):
            style.save(figure, tmp_path / "f.png", tmp_path / "f.pdf")
    assert [p.name for p in tmp_path.iterdir()] == ["f.pdf"]


def test_domains_differ_in_grey_and_cells_without_material_are_grey():
    shades = style.magnetization_map()
    lightness = shades(np.linspace(0, 1, 101))[:, :3] @ [0.299, 0.587, 0.114]
    assert np.all(np.diff(lightness) > 0)
    assert lightness[-1] - lightness[0] > 0.5
    empty = shades(np.ma.masked_invalid([np.nan, 1.0]))[0]
    assert empty == pytest.approx([228 / 255] * 3 + [1.0], rel=1e-6, abs=0)


def test_cells_are_paler_the_less_of_them_is_filled():
    """Of m_z = -1, 0 and 1, filled wholly and to a half; empty cells are #E4E4E4."""
    wholly, half = style.film_colours([-1, 0, 1, np.nan], [[1.0], [0.5]]).astype(float)
    colours = np.array([[5, 48, 97], [140, 134, 168], [253, 187, 155], [228] * 3])
    assert wholly == pytest.approx(colours, abs=1)
    assert half == pytest.approx((colours + 228) / 2, abs=1.5)
