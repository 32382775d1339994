"""The peers: by which program each is known, and in which version it is here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.process import find

PROGRAMS = {
    "check-jsonschema": "check-jsonschema",
    "octodns": "octodns-sync",
    "terraform": "terraform",
}
"""Public package names, and the programs that they install."""


def program(peer: str) -> str | None:
    """The program of a peer; None if it isn't installed."""
    return find(PROGRAMS[peer])


def versions() -> list[str]:
    """The versions of what is compared, as a reader of the table needs them."""
    python = ".".join(map(str, sys.version_info[:3]))
    lines = [f"Python {python}", f"configsync {_version(find('configsync'))}"]
    for peer in PROGRAMS:
        found = program(peer)
        if found is not None:
            lines.append(f"{peer} {_version(found)}")
            if peer == "check-jsonschema":
                lines[-1] += f" (YAML parser: {_yaml_parser(found)})"
    return lines


def _version(found: str | None) -> str:
    words = [found] if found else [sys.executable, "-m", "configsync"]
    text = _output([*words, "--version"])
    match = re.search(r"\d+(\.\d+)+\S*", text)
    return match[0] if match else "of unknown version"


def _yaml_parser(script: str) -> str:
    """Which parser ruamel.yaml has where a script runs: with a C library it is 3 times faster."""
    first = Path(script).read_bytes().split(b"\n", 1)[0].decode(errors="replace")
    if not first.startswith("#!"):
        return "unknown"
    code = "import ruamel.yaml; print(ruamel.yaml.YAML(typ='safe').Parser.__name__)"
    found = _output([*first[2:].split(), "-c", code]).strip()
    return {"Parser": "pure Python", "CParser": "C"}.get(found, "unknown")


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout
