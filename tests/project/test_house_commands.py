"""Lint, format and types are tests like any other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.house import ROOT

COMMANDS = {
    "lint": ["ruff", "check", "--quiet"],
    "format": ["ruff", "format", "--check", "--quiet"],
    "types": ["basedpyright", "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_command_finds_nothing(name: str) -> None:
    program = shutil.which(COMMANDS[name][0], path=str(Path(sys.executable).parent))
    assert program, f"{COMMANDS[name][0]} is not installed beside Python: run with --group dev"
    done = subprocess.run([program, *COMMANDS[name][1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
