"""Install the package with its dependencies into the environment of this Python, by uv or pip.

``python install.py test docs`` installs it, editable, with these extras. uv takes a fraction of
pip's time, but does not read pip's configuration. Certificate, index, links and constraints of that
are passed on to it. With other settings that matter, or if uv fails, pip installs everything, as it
does with ``INSTALLER=pip`` in the environment.
"""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

CONSTRAINED = ["--quiet", "--constraint", "constraints.txt"]

PIP = [sys.executable, "-m", "pip"]

VARIABLES = {
    "SSL_CERT_FILE": "cert",
    "UV_DEFAULT_INDEX": "index-url",
    "UV_INDEX_URL": "index-url",  # before version 0.4.23
}
"""Variables that uv reads, and the settings of pip with the same meaning."""

OPTIONS = ("constraint", "find-links")
"""Settings of pip, with several values, that are options of uv."""

HARMLESS = {
    *("break-system-packages", "cache-dir", "config-file", "default-timeout"),
    *("disable-pip-version-check", "no-cache-dir", "no-color", "no-input"),
    *("no-warn-script-location", "progress-bar", "quiet", "require-virtualenv", "retries"),
    *("root-user-action", "timeout", "verbose"),
}
"""Settings of pip that do not change what is installed, and from where."""


def pip_settings() -> dict[str, str]:
    """Return the settings of ``pip install``, from pip's files and from the environment."""
    listed = subprocess.run([*PIP, "config", "list"], stdout=subprocess.PIPE, text=True, check=True)
    settings = {}
    for section in ("global", "install", ":env:"):  # a later one has precedence
        for key, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", listed.stdout, re.MULTILINE):
            if text := ast.literal_eval(value):
                settings[key] = text
    return settings


def find_uv() -> str | None:
    """Return the path of the user's uv, or of that of this environment; install it if needed."""
    folder = str(Path(sys.executable).parent)
    if found := shutil.which("uv") or shutil.which("uv", path=folder):
        return found
    subprocess.run([*PIP, "install", *CONSTRAINED, "uv"], check=False)
    return shutil.which("uv", path=folder)


def install_by_uv(package: str) -> str:
    """Install the package by uv; return why this is not possible, or nothing."""
    if os.environ.get("INSTALLER") == "pip":
        return "as INSTALLER says"
    try:
        settings = pip_settings()
    except subprocess.CalledProcessError:
        return "because it cannot list its settings"
    if ignored := sorted(settings.keys() - {*VARIABLES.values(), *OPTIONS} - HARMLESS):
        return f"because uv does not know its setting {ignored[0]}"
    uv = find_uv()
    if uv is None:
        return "because there is no uv"
    command = [uv, "pip", "install", "--python", sys.executable, *CONSTRAINED]
    for key in OPTIONS:
        for value in settings.get(key, "").split():
            command += [f"--{key}", os.path.expanduser(value)]
    environment = {
        name: os.path.expanduser(settings[key])
        for name, key in VARIABLES.items()
        if key in settings
    }
    done = subprocess.run(
        [*command, "--editable", package], env=os.environ | environment, check=False
    )
    return "because uv failed" if done.returncode else ""


def main() -> None:
    """Install the package with the extras that the arguments name."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    package = f".[{','.join(sys.argv[1:])}]"
    if reason := install_by_uv(package):
        print(f"pip installs {package}, {reason}", flush=True)
        os.execv(sys.executable, [*PIP, "install", *CONSTRAINED, "--editable", package])


if __name__ == "__main__":
    main()
