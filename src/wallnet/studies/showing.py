"""Tables and figure of the dataset of a study."""

from typing import TYPE_CHECKING, cast

from wallnet import files
from wallnet.config import Figures
from wallnet.questions.presentation import Presentation, spread, with_temperature
from wallnet.report import style
from wallnet.report.tables import texts
from wallnet.studies import STUDIES

if TYPE_CHECKING:
    import xarray


def show_of(study: str) -> Presentation:
    """Return how the datasets of a study are shown."""
    return cast(Presentation, STUDIES[study].part("show"))


def as_shown(data: "xarray.Dataset", study: str) -> "xarray.Dataset":
    """Return a dataset of a study, with all samples if what is shown of it takes them."""
    return data if show_of(study).of_samples else files.of_perfect_device(data)


def tabulate(sources: style.SourceFiles, _: str = "") -> dict[str, str]:
    """Return the texts of the CSV, Markdown and HTML files of a dataset, as `wallnet show` asks."""
    ((study, (path,)),) = sources.items()
    data = files.read_dataset(path, STUDIES[study].kind, samples=True)
    perfect = files.of_perfect_device(data)
    name, show = with_temperature(str(data.attrs["subject"]), data), show_of(study)
    title = STUDIES[study].title.format(subject=data.attrs["subject"])
    tables = [*show.tables(perfect, name), *show.tables_of_samples(data, name)]
    return texts(title, [*tables, *spread(data, show, name)])


def draw(sources: style.SourceFiles, _: str, figures: Figures) -> style.Drawn:
    """Return the figure of a dataset and its origin, as `wallnet show` asks."""
    ((study, (path,)),) = sources.items()
    data = as_shown(files.read_dataset(path, STUDIES[study].kind, samples=True), study)
    title = STUDIES[study].title.format(subject=data.attrs["subject"])
    origin = ("parameters", "simulation", "revision", "wallnet_version")
    about = {key: str(data.attrs[key]) for key in origin}
    return show_of(study).draw(data, figures), {"title": title, **about}
