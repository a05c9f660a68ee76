"""Where compiled programs are kept, how many, and that a cache which cannot be used only means none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from gmm_ppl.experiment.cache import cache_directory, forget_oldest, use_cache

NAMES = (
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
)


@pytest.fixture(autouse=True)
def _jax_as_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    before = {name: getattr(jax.config, name) for name in NAMES}
    yield
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.parametrize("word", ["off", "OFF", "no", "0", "false"])
def test_off(monkeypatch: pytest.MonkeyPatch, word: str):
    monkeypatch.setenv("GMM_PPL_CACHE", word)
    before = jax.config.jax_compilation_cache_dir
    assert use_cache() is None
    assert jax.config.jax_compilation_cache_dir == before


def test_a_directory_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GMM_PPL_CACHE", str(tmp_path / "mine"))
    assert use_cache() == tmp_path / "mine"
    assert jax.config.jax_compilation_cache_dir == str(tmp_path / "mine")


def test_the_users_cache_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("GMM_PPL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    found = cache_directory()
    assert found is not None
    assert found.parent == tmp_path / "gmm_ppl"


def test_a_cache_that_the_user_gave_jax_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("GMM_PPL_CACHE", str(tmp_path / "mine"))
    assert use_cache() is None


def test_a_place_that_cannot_be_made_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GMM_PPL_CACHE", str(tmp_path / "file" / "inner"))
    assert use_cache() is None


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("GMM_PPL_CACHE", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = cache_directory()
    assert found is not None
    assert found.parent == tmp_path / ".cache" / "gmm_ppl"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch):
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("GMM_PPL_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert use_cache() is None


def test_a_directory_that_cannot_be_written_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GMM_PPL_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert use_cache() is None


COMPILE = """\
import json, sys
from pathlib import Path
import jax
from gmm_ppl.experiment.cache import use_cache

events = []
jax.monitoring.register_event_listener(lambda event, **named: events.append(event))
directory = use_cache()
for name in sys.argv[1:]:
    Path(name).rename(name + ".away")
    Path(name).write_text("a file where the directory was")
print(float(jax.jit(lambda x: 2 * x + 1)(3.0)), file=sys.stderr)
print(json.dumps({"directory": directory and str(directory), "hits": events.count("/jax/compilation_cache/cache_hits")}))
"""


def compile_one(*words: str, **environment: str) -> dict[str, object]:
    """One small program in a process of its own, in which a warning is an error."""
    known = {name: value for name, value in os.environ.items() if name not in ("GMM_PPL_CACHE", "JAX_COMPILATION_CACHE_DIR")}
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMPILE, *words],
        capture_output=True,
        text=True,
        env={**known, **environment},
    )
    assert (answer.returncode, answer.stderr) == (0, "7.0\n")
    return json.loads(answer.stdout)


def test_a_second_process_reads_what_the_first_compiled(tmp_path: Path):
    first = compile_one(XDG_CACHE_HOME=str(tmp_path))
    kept = {path.name for path in Path(str(first["directory"])).iterdir()}
    assert first["hits"] == 0
    assert any(name.endswith("-cache") for name in kept)
    assert compile_one(XDG_CACHE_HOME=str(tmp_path)) == {**first, "hits": 1}
    assert compile_one(XDG_CACHE_HOME=str(tmp_path), GMM_PPL_CACHE="off") == {"directory": None, "hits": 0}
    assert {path.name for path in Path(str(first["directory"])).iterdir()} == kept


def test_a_cache_that_breaks_on_the_way_costs_a_compilation_and_no_word(tmp_path: Path):
    broken = tmp_path / "mine"
    broken.mkdir()
    assert compile_one(str(broken), GMM_PPL_CACHE=str(broken))["hits"] == 0


def entry(directory: Path, name: str, used: float, size: int = 100) -> Path:
    """A file that was last read at a time given in seconds."""
    path = directory / name
    path.write_bytes(bytes(size))
    os.utime(path, (used, used))
    return path


def test_what_was_used_longest_ago_is_forgotten_first(tmp_path: Path):
    old, middle, new = (entry(tmp_path, f"{used}-cache", used) for used in (1, 2, 3))
    stranger = entry(tmp_path, "notes.txt", 0)
    forget_oldest(tmp_path, 300)
    assert {path for path in (old, middle, new) if path.exists()} == {old, middle, new}
    forget_oldest(tmp_path, 299)
    assert {path for path in (old, middle, new, stranger) if path.exists()} == {new, stranger}


def test_a_large_cache_is_cut_when_it_is_next_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GMM_PPL_CACHE", str(tmp_path))
    monkeypatch.setattr("gmm_ppl.experiment.cache.MOST_BYTES", 150)
    old, new = entry(tmp_path, "a-cache", 1, 100), entry(tmp_path, "b-cache", 2, 60)
    use_cache()
    assert (old.exists(), new.exists()) == (False, True)
