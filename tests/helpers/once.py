"""Fixtures whose files are written once and copied for each test."""

import shutil

import pytest


def once(make):
    """Return a fixture of what a function returns, in a folder with the files that it wrote."""
    made = []

    @pytest.fixture(name=make.__name__)
    def copied(tmp_path, tmp_path_factory, monkeypatch):
        if not made:
            folder = tmp_path_factory.mktemp("once")
            monkeypatch.chdir(folder)
            made.extend([folder, make()])
        folder, output = made
        shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path)
        return output

    return copied
