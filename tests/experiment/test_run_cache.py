"""Where compiled programs are kept."""

from pathlib import Path

import jax
import pytest

from gmm_ppl.experiment.cache import cache_directory, use_cache

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
