"""What waits for a module is done once it is imported, and a small fit imports little."""

import subprocess
import sys

import pytest

from gmm_ppl.imports import WAITING, when_imported


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that nobody has imported, and that fails at the first try."""
    (tmp_path / "awaited.py").write_text("import awaited_once\nvalue = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "awaited", raising=False)
    yield tmp_path
    sys.modules.pop("awaited", None)
    sys.modules.pop("awaited_once", None)
    WAITING.acts.pop("awaited", None)


def test_it_is_done_after_the_import_and_once(module):
    seen = []
    when_imported("awaited", lambda each: seen.append(each.value))
    when_imported("awaited", lambda each: seen.append(-each.value))
    with pytest.raises(ModuleNotFoundError, match="awaited_once"):
        import awaited
    assert seen == []
    (module / "awaited_once.py").write_text("")
    import awaited

    assert seen == [3, -3]
    when_imported("awaited", lambda each: seen.append(each))
    assert seen == [3, -3, awaited]
    assert "awaited" not in WAITING.acts


def test_a_module_that_is_not_there_is_not_found():
    when_imported("there_is_no_such_module", lambda _: pytest.fail("of what?"))
    with pytest.raises(ModuleNotFoundError, match="there_is_no_such_module"):
        import there_is_no_such_module  # noqa: F401
    WAITING.acts.pop("there_is_no_such_module")


def test_records_are_pytrees_whichever_is_imported_first():
    first = "import gmm_ppl as gp\nfit = gp.fit(gp.Mixture(2), gp.datasets.load('faithful'), starts=2)\nimport jax\n"
    second = "import jax\nimport gmm_ppl as gp\nfit = gp.fit(gp.Mixture(2), gp.datasets.load('faithful'), starts=2)\n"
    for script in (first, second):
        check = "assert [leaf.shape for leaf in jax.tree.leaves(fit.parameters)] == [(2,), (2, 2), (2, 2, 2)]"
        subprocess.run([sys.executable, "-c", script + check], check=True)


def printed_by(script):
    """What a new process of Python prints."""
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def test_a_small_fit_imports_numpy_and_little_else():
    script = (
        "import sys\nimport gmm_ppl as gp\ngp.fit(gp.Mixture(2), gp.datasets.load('faithful'), starts=2)\n"
        "print(*({'jax', 'jaxtyping', 'wrapt', 'scipy', 'asyncio', 'xarray', 'pandas', 'numpyro'} & set(sys.modules)))"
    )
    assert printed_by(script) == ""


def test_a_plot_of_criteria_needs_no_jax():
    script = (
        "import sys\nimport gmm_ppl as gp\nx = gp.datasets.load('faithful')\n"
        "gp.plots.criteria(gp.fit_range(gp.Mixture(1), x, range(1, 3)), x)\nprint('jax' in sys.modules)"
    )
    assert printed_by(script) == "False"
