"""What installs the packages: uv, which is told what the user's pip is, or pip."""

import os
import subprocess
import sys

import pytest
from helpers.small_campaign import ROOT

PIP = """
import os, sys
from pathlib import Path

print(*["pip", *sys.argv[1:]] if sys.argv[1] == "install" else [os.environ["SETTINGS"]])
wheel = Path(sys.executable).with_name("wheel")
if sys.argv[-1] == "uv" and wheel.exists():
    wheel.rename(wheel.with_name("uv"))
"""

UV = """#!/bin/sh
[ "$1 $2 $3" = "pip install --python" ] && shift 4
echo "uv $@ [$SSL_CERT_FILE $UV_DEFAULT_INDEX $UV_INDEX_URL]"
exit $CODE
"""

CONSTRAINED, PACKAGE = "--quiet --constraint constraints.txt", "--editable .[test,docs]"
BY_UV = f"uv {CONSTRAINED} {PACKAGE} [  ]"
OWN_UV = f"pip install {CONSTRAINED} uv"

SETTINGS = r"""
global.cert='~/a.pem'
global.index-url='https://all'
global.timeout='9'
global.find-links='/wide'
global.trusted-host=''
download.trusted-host='other'
install.index-url=''
install.find-links='\n/one\n~/two'
:env:.index-url='https://mine'
:env:.constraint='c.txt'
"""


def by_pip(reason):
    return [f"pip installs .[test,docs], {reason}", f"pip install {CONSTRAINED} {PACKAGE}"]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({}, [BY_UV]),
        (
            {"SETTINGS": SETTINGS},
            [
                f"uv {CONSTRAINED} --constraint c.txt --find-links /one --find-links /me/two "
                f"{PACKAGE} [/me/a.pem https://mine https://mine]"
            ],
        ),
        ({"uv": "bin/wheel"}, [OWN_UV, BY_UV]),
        ({"uv": "nowhere"}, [OWN_UV, *by_pip("because there is no uv")]),
        ({"CODE": "2"}, [BY_UV, *by_pip("because uv failed")]),
        ({"INSTALLER": "pip"}, by_pip("as INSTALLER says")),
        *(
            (
                {"SETTINGS": f"global.cert='a'\n:env:.{key}='https://h'"},
                by_pip(f"because uv does not know its setting {key}"),
            )
            for key in ("trusted-host", "extra-index-url")
        ),
    ],
)
def test_uv_installs_as_pip_is_configured_or_pip_does(tmp_path, case, expected):
    """With pretended programs, which tell their options and variables."""
    for folder in ("bin", "user"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bin/python").symlink_to(sys.executable)
    (tmp_path / "pip.py").write_text(PIP)
    (tmp_path / case.get("uv", "user/uv")).write_text(UV)
    (tmp_path / case.get("uv", "user/uv")).chmod(0o755)
    environment = {"SETTINGS": "", "CODE": "0", "HOME": "/me", "PYTHONPATH": str(tmp_path)}
    environment |= {"PATH": str(tmp_path / "user")} | case
    command = [tmp_path / "bin/python", ROOT / "install.py", "test", "docs"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected


def test_pip_lists_its_settings_as_they_are_read(tmp_path):
    (tmp_path / "pip.conf").write_text("[install]\nfind-links =\n    /one\n    ~/two\n")
    variables = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CONSTRAINT": "c.txt"}
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.check_output(command, text=True, env=os.environ | variables)
    lines = {r"install.find-links='\n/one\n~/two'", ":env:.constraint='c.txt'"}
    assert lines <= {*listed.splitlines()} & {*SETTINGS.splitlines()}
