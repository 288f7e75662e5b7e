"""Which tests are slow."""

SLOW = {
    "test_api.py", "test_campaign.py", "test_revisions.py", "test_runs.py",
    *("browser", "display", "extending", "faults", "oracle", "plan", "provenance", "slurm"),
    *("test_checks.py", "test_config_commands.py", "test_reference.py", "test_reproducible.py"),
    *("test_minimum_jobs.py", "test_own_calculator.py", "test_training.py", "test_stand_in.py"),
    *("test_instructions.py", "test_oommf_plan.py", "test_wheel.py"),
}  # fmt: skip
"""Folders and files of tests that run campaigns or many processes; `make quick` leaves them out."""

LONGEST = (
    "tests/studies/test_runs.py", "tests/docs/test_examples.py", "tests/extending/test_study.py",
    "tests/browser/test_browser.py", "tests/slurm/test_cluster.py", "tests/faults/test_kills.py",
)  # fmt: skip
"""Files of few tests that take longest. One process runs a whole file, so they are begun first."""
