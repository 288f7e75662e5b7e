"""Names of results do not clash, and results of removed devices are listed."""

from contextlib import suppress

import pytest
from helpers.small_campaign import with_networks

from wallnet import cli, config, files, plan
from wallnet.files.whole import digest_path
from wallnet.jobs.film import check
from wallnet.plan.commands import not_asked_for, remove
from wallnet.plan.listing import everything

pytestmark = pytest.mark.campaign


def present(folder):
    return {
        str(path.relative_to(folder))
        for path in folder.glob("results/**/*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_the_plan_lists_what_a_campaign_makes_and_nothing_else(finished_campaign):
    campaign = plan.load(finished_campaign.folder / "config.yaml")
    logs = ("results/logs/", "results/benchmarks/")
    made = {path for path in present(finished_campaign.folder) if not path.startswith(logs)}
    planned = everything(campaign)
    assert set(planned) == made
    assert len(planned) == len(set(planned))
    assert not_asked_for(campaign, finished_campaign.folder) == []
    for path in planned:
        assert digest_path(finished_campaign.folder / path).exists(), path


RESERVED = ("accuracy", "parameters", "validation", "crosscheck", "devices", "misread")


def test_devices_may_have_the_names_of_tables(campaign, tiny):
    for number, name in enumerate(RESERVED):
        tiny["devices"][name] = {
            "like": "neuron",
            "kind": "track",
            "pulse": {"current_densities": [(4 + number) * 1e11]},
        }
    campaign.configure(tiny)
    own = [f"results/tables/devices/{name}.csv" for name in RESERVED]
    jobs = dict.fromkeys(("initial", "run", "gather_devices", "device_table"), len(RESERVED))
    assert campaign.planned(*own, "results/tables/parameters.csv") == {**jobs, "parameters": 1}


def test_names_with_dashes_do_not_meet_in_a_figure(tiny):
    """Data sets and devices have names that would be equal when joined with a dash."""
    data = with_networks()
    blots = data["networks"]["own_datasets"]["blots"]
    data["networks"]["own_datasets"] = {"a": blots, "a-b": blots}
    data["networks"]["datasets"] = ["a", "a-b"]
    data["devices"] |= {"c": {"like": "synapse"}, "b-c": {"like": "synapse"}}
    data["networks"]["synapses"] = ["c", "b-c"]
    planned = everything(config.parse(data, check))
    assert len(planned) == len(set(planned))


def test_check_and_clean_of_a_whole_campaign(whole, capsys):
    """A device was renamed and a current removed; a table is damaged."""

    def wallnet(*arguments):
        with suppress(SystemExit):
            cli.main([arguments[0], "--directory", str(whole.folder), *arguments[1:]])
        return capsys.readouterr().out.splitlines()

    assert wallnet("check") == []
    table = whole.folder / "results/tables/accuracy.csv"
    table.write_text(table.read_text().replace("9", "8"))
    (said,) = wallnet("check")
    assert "results/tables/accuracy.csv is damaged" in said
    cli.main(["digest", str(table)])
    assert wallnet("check") == []
    (missing,) = wallnet("check", "results/report.html")
    assert "results/report.html is not there; run snakemake to make it" in missing

    data = with_networks()
    data["devices"]["renamed"] = data["devices"].pop("neuron")
    data["networks"]["neuron"] = "renamed"
    data["devices"]["synapse"]["pulse"]["current_densities"].remove(1.5e12)
    whole.configure(data)
    damaged = whole.folder / "results/traces/neuron/0.2000.nc"
    damaged.rename(damaged.with_name("0.2000.nc.damaged"))
    before = present(whole.folder)
    *paths, count = wallnet("clean")
    # neuron: 5 traces, initial state, device, compact model, 3 tables and 4 figures;
    # synapse: 1 trace
    assert count.startswith("16 results and 24 logs and benchmarks do not belong to ")
    gone = [path for path in paths if "/logs/" not in path and "/benchmarks/" not in path]
    assert all("neuron" in path or path.endswith("synapse/1.5000.nc") for path in gone)
    assert present(whole.folder) == before
    assert wallnet("clean", "--yes")[:-1] == paths
    left = {"results/traces/neuron/0.2000.nc.damaged"}
    assert present(whole.folder) == before - set(paths) - left
    assert not list(whole.folder.glob("results/**/.1.5000*"))
    (nothing,) = wallnet("clean")
    assert nothing.startswith("all results belong to ")


# Folders written by hand, without simulations


KEPT = (
    "results/report.html",
    "results/notes/mine.txt",
    "results/traces/neuron/0.4000.nc",
    "results/traces/neuron/.0.4000.nc.sha256",
    "results/traces/neuron/.0.4000.checkpoint.npz",
    "results/logs/traces/neuron/0.4000.log",
    "results/benchmarks/traces/neuron/0.4000.tsv",
    "results/levels/synapse/1-2.nc",
    "results/tables/parameters.html",
    "results/tables/validation.md",
    "results/figures/crosscheck/engines-traces.png",
    "results/figures/devices/synapse-dynamics.pdf",
    "results/crosscheck/engines/one/oommf.nc",
    "results/validation/macrospin.json",
    "results/logs/crosscheck/engines/one/film.log",
)
"""Files of every kind that a campaign requires, and files that do not belong to it."""

UNASKED = (
    "results/benchmarks/traces/neuron/0.4500.tsv",
    "results/crosscheck/engines/two/oommf.nc",
    "results/devices/gone.nc",
    "results/figures/devices/synapse-dynamics.svg",
    "results/logs/levels/synapse/3.log",
    "results/networks/blots/none/none/none/plain/fp32/seed-3/metrics.json",
    "results/traces/neuron/0.4500.nc",
    "results/traces/synapse/0.4000.nc",
)
"""In order, with different reasons: a current, a case, a device, a format, a level, a network."""


@pytest.fixture
def by_hand(tiny, campaign):
    case = {"device": "neuron", "current_density": 0.4e12}
    tiny["crosscheck"] = {"engines": {"cases": {"one": case}}}
    campaign.configure(tiny)
    for name in (*KEPT, *UNASKED):
        path = campaign.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return campaign.folder


def all_files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "config.yaml"
    }


def test_clean_removes_what_it_lists_only_when_it_is_told_to(by_hand, capsys):
    command = ["clean", "--directory", str(by_hand)]
    cli.main(command)
    listed = capsys.readouterr().out.splitlines()
    assert listed[:-1] == list(UNASKED)
    assert listed[-1].startswith("6 results and 2 logs and benchmarks do not ")
    assert all_files(by_hand) == {*KEPT, *UNASKED}
    cli.main([*command, "--yes"])
    said = capsys.readouterr().out.splitlines()
    assert said == [*UNASKED, "6 results and 2 logs and benchmarks removed"]
    assert all_files(by_hand) == set(KEPT)
    # only folders that are now empty are removed
    for gone in ("crosscheck/engines/two", "devices", "networks", "traces/synapse", "logs/levels"):
        assert not (by_hand / "results" / gone).exists()
    assert (by_hand / "results/crosscheck/engines/one").is_dir()


def test_clean_removes_nothing_behind_a_link_and_names_it(by_hand, tmp_path_factory, capsys):
    """A folder of results, and a single result, are in a folder of somebody else."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (by_hand / "results/devices").rename(elsewhere / "devices")
    (by_hand / "results/devices").symlink_to(elsewhere / "devices")
    single = by_hand / "results/traces/neuron/0.4500.nc"
    single.rename(elsewhere / "0.4500.nc")
    single.symlink_to(elsewhere / "0.4500.nc")
    older = by_hand / "results/traces/older"
    older.symlink_to(elsewhere / "devices")
    cli.main(["clean", "--directory", str(by_hand), "--yes"])
    said = capsys.readouterr().out.splitlines()
    left = "is a link; it is left, with what is behind it"
    assert said[:3] == [f"{path} {left}" for path in (by_hand / "results/devices", single, older)]
    assert older.is_symlink()
    assert said[-1] == "4 results and 2 logs and benchmarks removed"
    assert (elsewhere / "devices/gone.nc").exists()
    assert (elsewhere / "0.4500.nc").exists()
    assert single.is_symlink()


@pytest.mark.parametrize("name", ["config.yaml", "profiles"])
def test_init_writes_nothing_through_a_link(tmp_path, name):
    """The link to a file that is not there looks as if there were nothing."""
    folder, elsewhere = tmp_path / "new", tmp_path / "elsewhere"
    folder.mkdir()
    if name == "profiles":
        elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(SystemExit, match=f"{folder / name} is a link; remove it or give another"):
        cli.main(["init", str(folder)])
    assert [path.name for path in folder.iterdir()] == [name]
    assert not list(elsewhere.glob("*"))
    assert elsewhere.exists() == (name == "profiles")


def test_what_lies_hidden_beside_a_result_goes_with_it_and_that_of_others_stays(tmp_path):
    gone = [
        "results/traces/neuron/0.4500.nc",
        "results/traces/neuron/0.4500.nc.damaged",
        "results/traces/neuron/.0.4500.nc.sha256",
        "results/traces/neuron/.0.4500.checkpoint.npz",
        "results/traces/neuron/.0.4500.0123abcd.part.nc",
        "results/traces/neuron/..0.4500.nc.0123abcd.part.sha256",
        "results/traces/neuron/.0.4500.nc.progress",
        "results/traces/neuron/.0.4500.unfinished.ckpt",
    ]
    stay = [
        "results/traces/neuron/0.4501.nc",
        "results/traces/neuron/.0.4501.nc.sha256",
        "results/traces/neuron/.0.4501.checkpoint.npz",
        "results/traces/neuron/.0.450.nc.sha256",
        "results/traces/neuron/.0.4500.nc.note",
        "results/traces/neuron/0.4500.nc.mine",
    ]
    for name in (*gone, *stay):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    remove([gone[0]], tmp_path)
    assert all_files(tmp_path) == set(stay)


def test_a_result_of_which_only_a_damaged_copy_or_a_digest_is_left_is_listed_once(by_hand):
    """Checkpoints and half-written files of jobs that may be running are not listed."""
    folder = by_hand / "results/traces/neuron"
    for name in ("0.4600.nc.damaged", ".0.4700.nc.sha256", ".0.4800.checkpoint.npz"):
        (folder / name).write_text("")
    (folder / ".0.4900.0123abcd.part.nc").write_text("")
    (folder / "..0.4900.nc.0123abcd.part.sha256").write_text("")
    (folder / ".0.4500.nc.sha256").write_text("")
    (folder / "0.4500.nc.damaged").write_text("")
    listed = not_asked_for(plan.load(by_hand / "config.yaml"), by_hand)
    assert [path for path in listed if path.startswith("results/traces/neuron")] == [
        f"results/traces/neuron/0.4{digit}00.nc" for digit in (5, 6, 7)
    ]


def test_check_takes_files_and_folders_and_ends_with_1_for_any_damage(tmp_path, capsys):
    paths = [tmp_path / "results" / name for name in ("a/1.csv", "a/2.csv", "b.csv", "c.csv")]
    for path in paths:
        files.write_text("1", path)
    arguments = list(map(str, [paths[2], paths[0].parent, paths[3]]))
    cli.main(["check", *arguments])
    assert capsys.readouterr().out == ""
    paths[1].write_text("2")
    paths[2].write_text("2")
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", *arguments])
    assert ended.value.code == 1
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert named == [str(paths[2]), str(paths[1])]
    with pytest.raises(SystemExit):
        cli.main(["check", "--directory", str(tmp_path)])
    assert sorted(line.split()[0] for line in capsys.readouterr().out.splitlines()) == sorted(named)
