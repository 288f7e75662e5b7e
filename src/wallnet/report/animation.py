"""The snapshots of a trace as an animation, and the command that writes one."""

import argparse
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wallnet import files
from wallnet.config import Figures
from wallnet.config.messages import shown
from wallnet.files.datasets import kind_of
from wallnet.report import style
from wallnet.report.tracks import X_LABEL, Y_LABEL, draw_map

if TYPE_CHECKING:
    import xarray

FORMATS = (".gif", ".webp", ".mp4")
"""Endings of files: the first two are written by Pillow, the last one by ffmpeg."""


def frames(trace: "xarray.Dataset", figures: Figures) -> Iterator[NDArray[np.uint8]]:
    """Yield a picture of each snapshot, shape (rows, columns, 3). Call this inside `style.apply`.

    All pictures have the layout of the first one; only the map, its time and J are drawn anew.
    """
    times = trace["snapshot_time"].values
    aspect = trace.sizes["y"] / trace.sizes["x"] + 0.14
    figure, ((axes,),) = style.panels(figures, 1, 1, aspect, dpi=figures.resolution)
    image = draw_map(axes, trace, times[0])
    axes.set(xlabel=X_LABEL, ylabel=Y_LABEL)
    title = axes.set_title(" ", loc="left")
    canvas: Any = figure.canvas
    canvas.draw()
    figure.set_layout_engine("none")
    moving = [image, *axes.collections, title]
    for artist in moving:
        artist.set_animated(True)  # left out when all is drawn
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    maps = trace["magnetization"].sel(component="z").values
    density = np.interp(times, trace["time"].values, trace["applied_current_density"].values)
    for m_z, time, current in zip(maps, times, density, strict=True):
        image.set_data(m_z)
        # no negative zero
        title.set_text(f"{time / 1e-9:.2f} ns, J = {current / 1e12 + 0.0:.2f} × 10¹² A/m²")
        canvas.restore_region(background)
        for artist in moving:
            axes.draw_artist(artist)
        for spine in axes.spines.values():
            axes.draw_artist(spine)
        yield np.array(canvas.buffer_rgba())[..., :3]


def write(trace: "xarray.Dataset", path: str | Path, frames_per_second: int) -> None:
    """Write the snapshots of a trace as an animation, complete or not at all.

    Raises
    ------
    wallnet.files.FileError
        If the ending is none of `FORMATS`, ffmpeg is missing or fails, or the file cannot be
        written.
    """
    suffix = Path(path).suffix
    if suffix not in FORMATS:
        raise files.FileError(
            f"{path} has an unsupported format; end it in {', '.join(FORMATS[:-1])} or "
            f"{FORMATS[-1]}"
        )
    if suffix == ".mp4" and not shutil.which("ffmpeg"):
        raise files.FileError(
            f"{path} needs ffmpeg, which is not on PATH; install it, or end the file in .gif or "
            ".webp"
        )
    figures = Figures()
    with style.apply(figures), files.written_whole(path) as partial:
        pictures = frames(trace, figures)
        if suffix == ".mp4":
            _encode(pictures, path, partial, frames_per_second)
        else:
            _save(pictures, partial, suffix, round(1000 / frames_per_second))


def _save(
    pictures: Iterator[NDArray[np.uint8]], path: Path, suffix: str, milliseconds: int
) -> None:
    from PIL import Image

    images = (Image.fromarray(picture) for picture in pictures)
    options: dict[str, Any] = {"lossless": True, "method": 1}
    if suffix == ".gif":
        # all images share a palette of greys and of the colours of maps
        colours = Image.new("P", (1, 1))
        cells = style.film_colours(np.linspace(-1, 1, 45), np.linspace(0.2, 1, 5)[:, None])
        greys = np.repeat(np.linspace(0, 255, 31).astype(int), 3)
        colours.putpalette([*cells.ravel().tolist(), *greys.tolist()])
        images = (image.quantize(palette=colours, dither=Image.Dither.NONE) for image in images)
        options = {}
    first = next(images)
    first.save(path, save_all=True, append_images=images, duration=milliseconds, loop=0, **options)


def _encode(
    pictures: Iterator[NDArray[np.uint8]], path: str | Path, partial: Path, frames_per_second: int
) -> None:
    """Encode the pictures with ffmpeg for most players: H.264, even numbers of pixels."""
    first = next(pictures)
    rows, columns, _ = first.shape
    command = ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{columns}x{rows}", "-r", str(frames_per_second), "-i", "-"]
    command += ["-pix_fmt", "yuv420p", "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2", str(partial)]
    raw = b"".join([first.tobytes(), *(picture.tobytes() for picture in pictures)])
    done = subprocess.run(command, input=raw, capture_output=True)
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        raise files.FileError(
            f"{path} is not written, since ffmpeg fails ({message[-1]}); end it in .gif"
        )


def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `animate` to the command line."""
    command = subparsers.add_parser(
        "animate", description="Write the snapshots of a trace as an animation."
    )
    command.add_argument("trace", help="a trace, such as results/traces/synapse/1.6000.nc")
    endings = f"{', '.join(FORMATS[:-1])} or, with ffmpeg, {FORMATS[-1]}"
    command.add_argument(
        "--out", help=f"file to write, {endings}; by default a GIF here, named after the trace"
    )
    command.set_defaults(handler=_animate)


def _animate(arguments: argparse.Namespace) -> None:
    if (kind := kind_of(arguments.trace)) != "run":
        raise files.FileError(
            f"{arguments.trace} is no trace, but of kind {shown(kind)}; name one below "
            "results/traces"
        )
    source = Path(arguments.trace).absolute()
    path = arguments.out or f"{source.parent.name}-{source.stem}.gif"
    write(files.read_maps(arguments.trace), path, 8)
    print(path)
