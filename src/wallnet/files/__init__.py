"""Files that the stages exchange.

`paths` defines the path patterns, `schema` the variables of each kind of dataset and `states` the
names of the states of a wall. `whole` writes each file atomically and with a digest. `datasets`
reads and writes netCDF and JSON.
"""

from wallnet.files.blocks import row_of
from wallnet.files.datasets import (
    given_text,
    is_quenched,
    is_resting,
    of_perfect_device,
    read_dataset,
    read_json,
    read_maps,
    write_dataset,
    write_json,
)
from wallnet.files.origin import origin_of, origins_of, settings_of
from wallnet.files.paths import *  # noqa: F403
from wallnet.files.schema import READINGS, dataset
from wallnet.files.schema.states import WallState
from wallnet.files.whole import (
    DamagedFileError,
    FileError,
    Remembered,
    check_digest,
    check_writable,
    damaged,
    find_damaged,
    last_line,
    terminal_text,
    write_text,
    written_whole,
)
