"""Search for OOMMF, and the message if there is none."""

import pytest

from wallnet.simulate.oommf.session import OommfError, locate


def test_no_oommf_at_all_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OommfError) as raised:
        locate()
    assert str(raised.value).startswith("OOMMF is not there: set OOMMFTCL")
    assert "\n" not in str(raised.value)


def test_a_missing_tclsh_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("OOMMFTCL", "oommf.tcl")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OommfError, match="needs tclsh, which is not on PATH"):
        locate()


@pytest.mark.parametrize(
    ("content", "mode", "words"),
    [
        ("#!/bin/sh\n", 0o644, "oommf cannot be started (Permission denied)"),
        ("#!/nowhere/tclsh\n", 0o755, "oommf names an interpreter in its first line that is not"),
        ("\x00", 0o755, "oommf cannot be started"),
        ("#!/bin/sh\necho broken >&2; exit 3\n", 0o755, "oommf says: broken"),
    ],
)
def test_an_oommf_that_does_not_start_is_named(monkeypatch, tmp_path, content, mode, words):
    monkeypatch.delenv("OOMMFTCL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "oommf").write_text(content)
    (tmp_path / "oommf").chmod(mode)
    with pytest.raises(OommfError) as raised:
        locate()
    assert f"OOMMF does not run: {tmp_path}/{words}" in str(raised.value)
    assert "fix that installation, or set calculator: film" in str(raised.value)
    assert "\n" not in str(raised.value)
