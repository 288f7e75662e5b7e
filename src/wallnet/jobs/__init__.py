"""Jobs: what each computation needs of the configuration, as canonical JSON.

A run (a film, a start, steps, rules of ending) is simulated. Minima and a path between two of them
give energies and a barrier. These are requests, with a path and an amount of work. Jobs of
networks are in `networks`, those of figures, tables and the page in `report`.
"""

from wallnet.jobs.base import Job
from wallnet.jobs.energy_path import barrier_job, minima_job
from wallnet.jobs.request import Request
from wallnet.jobs.run import Run, Step, initial_job, level_job, pulse_job, pulse_train_job
