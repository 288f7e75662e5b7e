"""What pyproject.toml cannot say: the workflow is in the wheel, too."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

WORKFLOW = (
    Path("Snakefile"),
    *sorted(Path("workflow").rglob("*.*")),
    *sorted(Path("profiles").rglob("*.yaml")),
)


class WithWorkflow(build_py):
    """Copies the workflow into the package; an editable install uses that of the checkout."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        for path in () if self.editable_mode else WORKFLOW:
            place = Path(self.build_lib, "wallnet", "workflow", path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)

    def get_source_files(self) -> list[str]:
        """Return the files that the archive of the sources needs."""
        return [*super().get_source_files(), *map(str, WORKFLOW)]


setup(cmdclass={"build_py": WithWorkflow})
