"""Which mapping the end of a run recommends, and of which it warns."""

from wallnet.report.choice import best_mapping, losses

FIELDS = ("dataset", "recipe", "device", "reading", "mapping", "stage", "seed")


def rows(*networks):
    """Return rows of `accuracy.csv`; test accuracies that say the contrary are not used."""
    return [
        dict(zip(FIELDS, map(str, fields), strict=True))
        | {"validation_accuracy": f"{accuracy:.2f}", "test_accuracy": f"{100 - accuracy:.2f}"}
        for *fields, accuracy in networks
    ]


def fp32(dataset, *accuracies, recipe="plain"):
    free = ("none", "none", "none", "fp32")
    return [(dataset, recipe, *free, seed, a) for seed, a in enumerate(accuracies, 1)]


def quantized(dataset, mapping, *accuracies, device="s", reading="parallel", recipe="plain"):
    place = (dataset, recipe, device, reading, mapping, "quantized")
    return [(*place, seed, a) for seed, a in enumerate(accuracies, 1)]


BEST = "Best mapping without training on the levels, by validation: "


def test_one_mapping_is_the_best_of_all_places():
    found = rows(
        *fp32("mnist", 97.0, 96.0),
        *quantized("mnist", "layer", 95.0, 20.0),
        *quantized("mnist", "signed", 90.0, 91.0),
        # another stage counts nothing
        ("mnist", "plain", "s", "parallel", "layer", "on_levels", 1, 97.0),
    )
    assert best_mapping(found) == f"{BEST}signed"


def test_places_with_another_best_mapping_are_named():
    found = rows(
        *fp32("mnist", 97.0),
        *fp32("digits", 99.0),
        *quantized("mnist", "signed", 96.0),
        *quantized("mnist", "layer", 90.0, reading="parallel"),
        *quantized("mnist", "layer", 96.5, reading="series"),
        *quantized("digits", "signed", 98.0),
        *quantized("digits", "layer", 97.0),
        *quantized("digits", "signed", 98.0, device="t"),
        *quantized("digits", "layer", 97.0, device="t"),
    )
    assert best_mapping(found) == f"{BEST}layer (MNIST on s); signed (digits on s, digits on t)"


def test_one_mapping_has_no_best():
    assert best_mapping(rows(*fp32("mnist", 97.0), *quantized("mnist", "layer", 90.0))) == ""
    assert best_mapping(rows(*fp32("mnist", 97.0))) == ""


def test_a_mapping_that_loses_more_than_ten_points_is_told_with_a_better_one():
    """The loss is the mean of the differences seed by seed, and the worst place is named."""
    found = rows(
        *fp32("mnist", 97.0, 95.0),
        *fp32("digits", 99.0, 99.0),
        *quantized("mnist", "layer", 80.0, 90.0),  # 11.0
        *quantized("digits", "layer", 20.0, 21.0),  # 78.5
        *quantized("mnist", "signed", 90.0, 82.0),  # 10.0
        *quantized("digits", "signed", 95.0, 97.0),
        *quantized("digits", "row", 70.0, 71.0),
    )
    lost = "points of validation accuracy without training on the levels (digits on s); use signed"
    assert losses(found, {}) == (
        [],
        [f"mapping layer loses up to 78.5 {lost}", f"mapping row loses up to 28.5 {lost}"],
    )


def test_the_advice_is_one_that_was_not_tried():
    free = fp32("mnist", 97.0)
    bad = quantized("mnist", "layer", 15.9)
    (text,) = losses(rows(*free, *bad), {})[1]
    assert text.endswith("; use signed-fitted")
    _, warnings = losses(rows(*free, *bad, *quantized("mnist", "signed-fitted", 60.0)), {})
    assert len(warnings) == 2
    more = "; add on_levels to its recipe, or use a synapse with more levels"
    assert all(text.endswith(more) for text in warnings)


def test_the_mapping_of_the_paper_is_no_warning_where_the_paper_is_reproduced():
    found = rows(
        *fp32("mnist", 97.0),
        *quantized("mnist", "layer", 47.0, device="synapse-5"),
        *quantized("mnist", "row", 80.0, device="synapse-5"),
        *quantized("mnist", "layer", 70.0, device="mine"),
    )
    expected, warnings = losses(found, {"synapse-5": 5})
    assert expected == [
        "layer, the mapping of the paper, loses up to 50.0 points of validation accuracy without "
        "training on the levels (MNIST on synapse-5)"
    ]
    assert [text.split()[1] for text in warnings] == ["layer", "row"]
    assert "27.0 points" in warnings[0]
