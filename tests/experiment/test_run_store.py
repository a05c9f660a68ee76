"""The run directory: whole or not there, whatever kills the run."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.json_file import write_json
from gmm_ppl.experiment.lock import locked
from gmm_ppl.experiment.store import altered, outputs_of, read_manifest, refuse_foreign, replacing


def publish(directory: Path, content: str) -> None:
    """A small run."""
    with replacing(directory) as partial:
        (partial / "figures").mkdir()
        (partial / "figures" / "one.svg").write_text(content)
        (partial / "metrics.json").write_text(content)
        write_json(partial / "manifest.json", {"status": "complete", "outputs": outputs_of(partial)})


def names(folder: Path) -> set[str]:
    """Everything in a folder, hidden or not."""
    return {path.name for path in folder.iterdir()}


def test_a_run_appears_whole_and_nothing_is_left_beside_it(tmp_path: Path):
    publish(tmp_path / "reports" / "a", "1")
    assert names(tmp_path / "reports") == {"a"}
    assert names(tmp_path / "reports" / "a") == {"figures", "metrics.json", "manifest.json"}
    assert oct((tmp_path / "reports" / "a").stat().st_mode & 0o777) == oct(0o777 & ~current_umask())


def current_umask() -> int:
    """The umask of this process."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_new_run_replaces_the_old_one(tmp_path: Path):
    publish(tmp_path / "a", "1")
    publish(tmp_path / "a", "2")
    assert (tmp_path / "a" / "metrics.json").read_text() == "2"
    assert names(tmp_path) == {"a"}


def test_the_old_run_stays_until_the_new_one_is_complete(tmp_path: Path):
    publish(tmp_path / "a", "1")
    with replacing(tmp_path / "a") as partial:
        (partial / "metrics.json").write_text("2")
        assert (tmp_path / "a" / "metrics.json").read_text() == "1"


def test_a_failed_run_leaves_nothing_not_even_the_parents_it_made(tmp_path: Path):
    with pytest.raises(RuntimeError, match="halfway"), replacing(tmp_path / "reports" / "deep" / "a"):
        raise RuntimeError("halfway")
    assert names(tmp_path) == set()


def test_an_empty_directory_may_be_taken(tmp_path: Path):
    (tmp_path / "a").mkdir()
    publish(tmp_path / "a", "1")
    assert read_manifest(tmp_path / "a") is not None


def test_a_directory_of_other_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("a/thesis.tex").write_text("years of work")
    with pytest.raises(InputError) as caught:
        publish(Path("a"), "1")
    assert str(caught.value) == "a: there are files here that are no run of gmm-ppl; choose another --out, or move them away"
    assert Path("a/thesis.tex").read_text() == "years of work"
    assert names(Path()) == {"a"}


def test_files_added_to_a_run_are_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    publish(Path("a"), "1")
    Path("a/notes.txt").write_text("mine")
    with pytest.raises(InputError) as caught:
        publish(Path("a"), "2")
    assert str(caught.value) == "a: would delete files that the run did not make: notes.txt; move them away"


def test_hidden_files_of_the_system_do_not_matter(tmp_path: Path):
    publish(tmp_path / "a", "1")
    (tmp_path / "a" / ".DS_Store").write_text("")
    refuse_foreign(tmp_path / "a")


def test_a_file_in_the_place_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("")
    with pytest.raises(InputError) as caught:
        publish(Path("a"), "1")
    assert str(caught.value) == "a: expected a directory, found a file; choose another --out"


def test_a_parent_that_is_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("")
    with pytest.raises(InputError) as caught:
        publish(Path("a/b"), "1")
    assert str(caught.value).startswith("a/b: cannot be written: ")


def test_missing_and_changed_outputs_are_told_apart(tmp_path: Path):
    publish(tmp_path / "a", "1")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert altered(tmp_path / "a", manifest) == ([], [])
    (tmp_path / "a" / "metrics.json").write_text("2")
    (tmp_path / "a" / "figures" / "one.svg").unlink()
    assert altered(tmp_path / "a", manifest) == (["figures/one.svg"], ["metrics.json"])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": "complete"}', '{"status": "running", "outputs": {}}'])
def test_anything_but_a_finished_manifest_is_none(tmp_path: Path, text: str):
    (tmp_path / "manifest.json").write_text(text)
    assert read_manifest(tmp_path) is None


def test_two_writers_of_one_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with locked(Path("a")), pytest.raises(InputError) as caught, locked(Path("a")):
        pass
    expected = f"a: another run (process {os.getpid()}) is writing it; wait for that, or choose another --out"
    assert str(caught.value) == expected
    with locked(Path("a")), locked(Path("b")):
        pass
    assert names(tmp_path) == set()


WRITER = """
import os, sys, time
from pathlib import Path
from gmm_ppl.experiment import store
from gmm_ppl.experiment.json_file import write_json

moment, directory = sys.argv[1], Path(sys.argv[2])

def stop():
    print("here", flush=True)
    time.sleep(60)

rename = Path.rename
def renaming(source, target):
    if moment == f"before renaming to {'old' if '.old-' in str(target) else 'place'}":
        stop()
    rename(source, target)
    if moment == f"after renaming to {'old' if '.old-' in str(target) else 'place'}":
        stop()
Path.rename = renaming

with store.replacing(directory) as partial:
    (partial / "metrics.json").write_text("2")
    if moment == "without a manifest":
        stop()
    write_json(partial / "manifest.json", {"status": "complete", "outputs": store.outputs_of(partial)})
    if moment == "with a manifest":
        stop()
"""
MOMENTS = ["without a manifest", "with a manifest", "before renaming to place", "after renaming to place"]
REPLACING = [*MOMENTS, "before renaming to old", "after renaming to old"]


def killed(moment: str, directory: Path) -> None:
    """A writer that is killed at a moment, without any chance to clean up."""
    command = [sys.executable, "-c", WRITER, moment, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_first_run_is_whole_or_invisible(tmp_path: Path, moment: str):
    killed(moment, tmp_path / "a")
    whole = moment == "after renaming to place"
    assert (tmp_path / "a").exists() == whole
    assert {name for name in names(tmp_path) if not name.startswith(".")} == ({"a"} if whole else set())
    publish(tmp_path / "a", "3")
    assert names(tmp_path) == {"a"}


@pytest.mark.parametrize("moment", REPLACING)
def test_a_killed_second_run_leaves_the_first_one_or_itself(tmp_path: Path, moment: str):
    publish(tmp_path / "a", "1")
    killed(moment, tmp_path / "a")
    between = moment in {"after renaming to old", "before renaming to place"}
    assert (tmp_path / "a").exists() != between
    if between:
        # The next run puts the old one back before it does anything else.
        with pytest.raises(RuntimeError, match="halfway"), replacing(tmp_path / "a"):
            raise RuntimeError("halfway")
    content = "2" if moment == "after renaming to place" else "1"
    assert (tmp_path / "a" / "metrics.json").read_text() == content
    publish(tmp_path / "a", "3")
    assert names(tmp_path) == {"a"}
    assert (tmp_path / "a" / "metrics.json").read_text() == "3"
