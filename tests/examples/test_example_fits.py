"""EM under `jit` and refits for leave-one-out, as the examples have them; and every script as a user runs it."""

from runpy import run_path

import numpy as np
import pytest

import gmm_ppl as gp
from tests.examples.example import FOLDER, NAMES, load
from tests.project.house import ROOT


@pytest.mark.slow
def test_three_kinds_of_standard_errors_agree():
    """Bootstrap lanes, derivatives of the mode and the sandwich are three estimates of one thing."""
    x, example = gp.datasets.load("faithful").values, load("em_in_jit")
    point = gp.fit(gp.Mixture(2, "full", "flat"), x)
    sandwich = gp.standard_errors(point, x, kind="sandwich").errors["means"]
    jackknife = np.sqrt((example.influences(point, x) ** 2).sum(axis=-1))
    np.testing.assert_allclose(jackknife, sandwich, rtol=1e-3)
    means = example.bootstrap(point, x, replicates=400)
    assert len(means) == 400
    # A standard deviation of 400 draws is known to 3.5 %; the law is not quite normal.
    np.testing.assert_allclose(means.std(axis=0), sandwich, rtol=0.15)


@pytest.mark.slow
def test_leave_one_out_with_refits():
    """Under one component the predictive density is a Student t."""
    from scipy import stats

    x = np.append(np.random.default_rng(1).normal(size=14), 3.5)[:, None]
    prior = {"kind": "conjugate", "mean": 0.5, "mean_precision": 0.2, "degrees_of_freedom": 4, "scale": 1.5}
    found = load("refit_for_loo").compared(x, gp.Mixture(1, "full", prior), k_threshold=0.5, folds=3)

    def predictive(stay, point):
        count, total = len(stay), 0.2 + len(stay)
        mean = (0.2 * 0.5 + stay.sum()) / total
        scale = 1.5 + ((stay - stay.mean()) ** 2).sum() + 0.2 * count / total * (stay.mean() - 0.5) ** 2
        return stats.t.logpdf(point, 4 + count, mean, np.sqrt(scale * (total + 1) / (total * (4 + count))))

    exact = [predictive(np.delete(x[:, 0], place), x[place, 0]) for place in range(len(x))]
    refits, importance = found["refits"], found["importance"]
    assert importance.pareto_k.values[-1] > 0.5
    assert refits.pareto_k.values[-1] == 0
    np.testing.assert_allclose(refits.elpd_i.values[:-1], exact[:-1], atol=0.05)
    # Of so unlikely a row draws tell the density to a tenth; importance sampling is off by many times that.
    np.testing.assert_allclose(refits.elpd_i.values[-1], exact[-1], atol=0.3)
    assert abs(importance.elpd_i.values[-1] - exact[-1]) > 0.5
    assert found["folds"].n_folds == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_script_runs_and_says_something(name, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert said.strip()
    assert "nan" not in said.lower()


def test_the_readme_lists_every_example():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in NAMES if f"(configs/examples/{name}.py)" not in text]
