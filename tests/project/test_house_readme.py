"""The README does what it says: its commands and examples run as written."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.house import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def command(name: str) -> str:
    """The command below a marker."""
    found = re.search(rf"<!-- {name} -->\n```\n(.*?)\n```", README, re.DOTALL)
    assert found, f"the README has no command marked {name!r}"
    return found.group(1)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The tracked files alone, as a stranger has them."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        target = tmp_path / "clone" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return tmp_path / "clone"


def outside_this_environment() -> dict[str, str]:
    """Environment variables without this virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    own = str(Path(sys.executable).parent)
    kept["PATH"] = os.pathsep.join(part for part in kept["PATH"].split(os.pathsep) if part != own)
    return kept


@pytest.mark.slow
def test_the_main_command_leaves_a_report(clone: Path) -> None:
    done = subprocess.run(
        command("the main job"),
        shell=True,
        cwd=clone,
        env=outside_this_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    left = {path.name for path in (clone / "reports" / "faithful").iterdir()}
    assert left == {
        "config.yaml",
        "config.resolved.yaml",
        "results.nc",
        "metrics.json",
        "manifest.json",
        "summary.csv",
        "figures",
        "report.html",
        "report.md",
        "run.log",
    }


def test_ci_runs_the_test_command_word_for_word() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    taken = re.search(r"command=\$\((.*)\)", script)
    assert taken
    shown = subprocess.run(["bash", "-c", taken.group(1)], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert shown == command("the tests")
    assert 'eval "$command"' in script


@pytest.mark.slow
def test_examples_run(clone: Path) -> None:
    """Each by itself as far as names go, in one process, which imports everything once."""
    script = "import json, sys\nfor code in json.load(sys.stdin):\n    print(code)\n    exec(code, {'__name__': '__main__'})\n"
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, input=json.dumps(EXAMPLES), cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_lead_somewhere() -> None:
    for page in ("README.md", "gmm_ppl/README.md", "configs/README.md", "reports/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)#]+)\)", text):
            assert "://" in link or (ROOT / page).parent.joinpath(link).exists(), f"{page}: {link}"


def test_every_public_name_is_there() -> None:
    import gmm_ppl

    assert sorted(gmm_ppl.__all__, key=str.lower) == gmm_ppl.__all__
    assert all(getattr(gmm_ppl, name).__doc__ for name in gmm_ppl.__all__)
