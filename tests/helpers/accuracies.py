"""Table of accuracies of a finished campaign."""

from pathlib import Path

from wallnet import files


def write_accuracies(text, folder):
    """Write rows with test and validation accuracy as the table."""
    files.write_text(text, Path(folder, files.TABLE.format(table="accuracy", suffix=".csv")))
