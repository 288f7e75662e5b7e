"""The identity of the code of user-defined classes, and that jobs contain it."""

import sys

import pytest

from wallnet import config, jobs, revisions
from wallnet.jobs.code import code_of, revision_of
from wallnet.jobs.film import check
from wallnet.jobs.networks import continuing_job, mapping_job, training_job


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder in which this process finds modules."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


@pytest.fixture
def code():
    """Return a function that returns the identity of the current code."""

    def of(name, *key):
        import importlib

        importlib.invalidate_caches()
        code_of.cache_clear()
        return code_of(name, *key)

    return of


def install(folder, version, files=("solver/__init__.py",)):
    """Write a package as an installer writes it."""
    (folder / "solver").mkdir(exist_ok=True)
    (folder / "solver/__init__.py").write_text("")
    for old in folder.glob("*.dist-info"):
        (old / "METADATA").unlink()
        (old / "RECORD").unlink()
        old.rmdir()
    dist_info = folder / f"fast_solver-{version}.dist-info"
    dist_info.mkdir()
    (dist_info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: fast-solver\nVersion: {version}\n"
    )
    (dist_info / "RECORD").write_text("".join(f"{path},,\n" for path in files))


def test_an_installed_package_is_known_by_its_version(folder, code):
    install(folder, "1.2")
    assert code("solver:Solver") == "fast-solver 1.2"
    (folder / "solver/__init__.py").write_text("changed = 1\n")
    assert code("solver:Solver") == "fast-solver 1.2"
    install(folder, "1.3")
    assert code("solver:Solver") == "fast-solver 1.3"


def test_a_module_of_no_installed_package_is_known_by_its_source(folder, code):
    """It is next to the files of a package that does not contain it."""
    install(folder, "1.2", files=("other/__init__.py", "solver_tools/__init__.py"))
    path = folder / "solver/__init__.py"
    first = code("solver:Solver")
    assert first.startswith("source ")
    path.write_text('"""Text."""  # a remark\n')
    assert code("solver:Solver") == first
    path.write_text("changed = 1\n")
    second = code("solver:Solver")
    # every module of a package counts
    (folder / "solver/part.py").write_text("more = 1\n")
    third = code("solver:Solver")
    (folder / "solver/inner").mkdir()
    (folder / "solver/inner/part.py").write_text("more = 2\n")
    assert len({first, second, third, code("solver:Solver")}) == 4


@pytest.mark.parametrize("packages", [("loud", "inner"), ("bare", "b")])
def test_neither_the_module_nor_its_packages_are_imported(folder, code, packages):
    """A package without `__init__.py` is a namespace package: here `bare` and `b`."""
    place = folder
    for part in packages:
        place /= part
        place.mkdir()
        if part not in ("bare", "b"):
            (place / "__init__.py").write_text("raise SystemExit('imported')\n")
    name = ".".join((*packages, "heavy"))
    (place / "heavy.py").write_text("raise SystemExit('imported')\n")
    first = code(f"{name}:Solver")
    assert first.startswith("source ")
    (place / "heavy.py").write_text("raise SystemExit('changed')\n")
    assert code(f"{name}:Solver") != first
    assert not {packages[0], name} & {*sys.modules}
    with pytest.raises(config.ConfigError, match=f"there is no module {name}.more; correct"):
        code(f"{name}.more:Solver")


@pytest.mark.parametrize(
    ("calculator", "words"),
    [
        (
            "nowhere_at_all:X",
            "calculator nowhere_at_all:X: there is no module nowhere_at_all; corr",
        ),
        ("sys:X", "sys is a module of Python's standard library, which has no such class"),
        ("torn:X", "the source of module torn cannot be read (invalid syntax"),
    ],
)
def test_what_has_no_readable_source_is_one_sentence(folder, code, calculator, words):
    (folder / "torn.py").write_text("def\n")
    with pytest.raises(config.ConfigError) as refused:
        code(calculator)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_job_holds_the_code_of_its_own_model(folder, code, networks):
    install(folder, "1.2")
    recipe = networks.recipes["plain"].model_copy(update={"model": "solver:Net"})
    own = networks.model_copy(update={"recipes": {"plain": recipe}})

    def made():
        code("solver:Net")
        return [
            training_job(own, "blots", "plain", 3),
            continuing_job(own, "blots", "plain", 3),
            mapping_job(own, "blots", "synapse", "series", 3),
        ]

    before = [job.to_json() for job in made()]
    assert all('"model_code":"fast-solver 1.2"' in text for text in before)
    install(folder, "1.3")
    after = [job.to_json() for job in made()]
    assert after == [text.replace("fast-solver 1.2", "fast-solver 1.3") for text in before]


def test_a_job_holds_the_code_and_the_settings_of_its_own_calculator(folder, code, tiny):
    install(folder, "1.2")
    tiny["calculator"] = "solver:Solver"
    tiny["calculator_settings"] = {"solver:Solver": {"order": 4, "limit": None}, "other:One": {}}
    code("solver:Solver")
    job = jobs.pulse_job(config.parse(tiny, check).devices["synapse"], 0.5e12)
    assert job.calculator_code == "fast-solver 1.2"
    assert job.plain()["calculator"] == {"order": 4, "limit": None}
    assert jobs.Run.from_json(job.to_json()) == job
    install(folder, "1.3")
    code("solver:Solver")
    again = jobs.pulse_job(config.parse(tiny, check).devices["synapse"], 0.5e12)
    assert again.to_json() == job.to_json().replace("fast-solver 1.2", "fast-solver 1.3")


def test_jobs_of_the_package_s_calculators_hold_no_code(tiny):
    """Their code has revisions, so that finished results stay valid."""
    for name in ("film", "oommf"):
        tiny["calculator"] = name
        job = jobs.pulse_job(config.parse(tiny, check).devices["synapse"], 0.5e12)
        assert "calculator_code" not in job.to_json()


def test_the_revision_is_that_of_the_calculator_s_stage(monkeypatch):
    monkeypatch.setattr(revisions, "of", {"film": 4, "oommf": 5, "simulate": 6}.get)
    assert [revision_of(name) for name in ("film", "oommf", "solver:Solver")] == [4, 5, 6]
