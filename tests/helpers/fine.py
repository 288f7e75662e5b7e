"""A user-defined calculator: the embedded engine with shorter steps."""

from wallnet.config.calculators import FilmSettings
from wallnet.simulate.embedded import Embedded


class Fine(Embedded):
    """The embedded engine with shorter steps."""

    def run(self, *arguments):
        self.settings = FilmSettings(time_step_fraction=0.5)
        return super().run(*arguments)
