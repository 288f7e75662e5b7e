"""A large campaign says how long its planning takes."""

from wallnet.plan.work import LARGE, planning_ahead


def test_the_planning_of_many_results_is_announced_and_of_few_is_not():
    told = "Planning 100000 results, about 200 s before the first job starts."
    assert planning_ahead(100_000) == told
    assert planning_ahead(LARGE - 1) == ""
