"""Tables of accuracies of a finished campaign."""

import csv
import io
from pathlib import Path

from wallnet import files


def write_accuracies(text, folder):
    """Write rows with the test accuracy and, last, the validation accuracy as both tables."""
    rows = list(csv.reader(io.StringIO(text)))
    for name, column in (("accuracy", -2), ("accuracy-validation", -1)):
        stream = io.StringIO()
        kept = ([*row[:-2], row[column]] for row in rows)
        csv.writer(stream, lineterminator="\n").writerows(kept)
        files.write_text(
            stream.getvalue(), Path(folder, files.TABLE.format(table=name, suffix=".csv"))
        )
