"""A large campaign says how long its planning takes, and how far it is."""

from wallnet.plan.progress import LARGE, Planning


def test_the_planning_of_many_results_is_announced_and_shown() -> None:
    said: list[str] = []
    planning = Planning(said.append, every=0.0)
    planning.begin(100_000)
    planning.begin(100_000)
    for path in ("a.nc", "b.nc", "b.nc"):
        planning.count(path)
    assert said == [
        "Planning 100000 results, about 200 s before the first job starts.",
        "1 of 100000 results planned.",
        "2 of 100000 results planned.",
    ]
    planning.end()
    planning.count("c.nc")
    assert len(said) == 3


def test_a_small_campaign_is_planned_in_silence() -> None:
    said: list[str] = []
    planning = Planning(said.append, every=0.0)
    planning.begin(LARGE - 1)
    planning.count("a.nc")
    assert said == []
