"""Files that the stages exchange.

`paths` defines the path patterns, `schema` the variables of each kind of dataset and `states` the
names of the states of a wall. `whole` writes each file atomically and with a digest. `datasets`
reads and writes netCDF and JSON.
"""

from wallnet.files.attempt import Attempt
from wallnet.files.datasets import (
    given_text,
    kind_of,
    read_content,
    read_dataset,
    read_json,
    unreadable,
    write_content,
    write_dataset,
    write_json,
)
from wallnet.files.paths import (
    CHECKPOINT,
    COMPACT_MODEL,
    COMPARISON,
    DATA,
    DATASET_FIGURE,
    DEVICE,
    DEVICE_FIGURE,
    DEVICE_TABLE,
    FIGURE,
    INITIAL,
    LAST_RUN,
    LEVEL,
    LEVELS_TABLE,
    METRICS,
    MINIMUM,
    NETWORK_FIGURE,
    NETWORKS,
    ON_SYNAPSE,
    PROGRAMMING,
    REPORT,
    RESULTS,
    SUMMARY,
    TABLE,
    TABLE_SUFFIXES,
    TRACE,
    VALIDATION,
    benchmark_of,
    data_of,
    figure_files,
    folder_of,
    log_of,
)
from wallnet.files.progress import (
    note_run,
    noted_progress,
    progress_of,
    read_progress,
    read_run,
)
from wallnet.files.schema import COMPONENTS, READINGS, Content, content, dataset
from wallnet.files.schema.states import WallState
from wallnet.files.whole import (
    DamagedFileError,
    FileError,
    check_digest,
    check_writable,
    damaged,
    digest_path,
    find_damaged,
    note_digest,
    one_line,
    set_aside,
    sha256_of,
    write_text,
    written_whole,
)
