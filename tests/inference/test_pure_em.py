"""`em` inside `jit` and `vmap`: the answers of `fit`, row weights that are repeated rows, derivatives, statuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.inference.em.loop import STATUSES
from gmm_ppl.mixture.parameters import permute
from tests.cases import FAMILY_NAMES, random_parameters

N = 60
PLAIN = {"acceleration": None, "progress": None}
CASES = [*((name, "weak") for name in FAMILY_NAMES), ("full", "flat"), ("full", "separated")]
START = {name: random_parameters(name, components=2, seed=3) for name in FAMILY_NAMES}


def data_sets(count=3):
    rng = np.random.default_rng(4)
    centres = rng.integers(2, size=(count, N, 1)) * np.array([4.0, 1.0])
    return centres + rng.normal(size=(count, N, 2))


def assert_same(one, other, rtol=1e-9):
    """The same mixtures; a fit's components are in order, those of `em` where its start had them."""
    ordered = permute(one, np.argsort(np.asarray(one.means[:, 0])))
    for each, wanted in zip(jax.tree.leaves(ordered), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(each, wanted, rtol=rtol, atol=1e-9)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("family", "prior"), CASES)
def test_data_sets_side_by_side_are_a_loop_of_fits(family, prior):
    """Under `jit` and `vmap`: the same modes, objectives, numbers of steps and statuses as `fit` from the same start."""
    mixture, sets = gp.Mixture(2, family, prior), data_sets()
    runs = jax.jit(jax.vmap(lambda x: gp.em(mixture, x, START[family])))(jnp.asarray(sets))
    for place, x in enumerate(sets):
        fit = gp.fit(mixture, x, start=START[family], **PLAIN)
        run = jax.tree.map(lambda leaf, place=place: leaf[place], runs)
        assert_same(run.parameters, fit.parameters, rtol=1e-6 if prior == "separated" else 1e-9)
        np.testing.assert_allclose(run.objective, fit.objective, rtol=1e-12)
        np.testing.assert_allclose(run.log_likelihood, fit.log_likelihood, rtol=1e-9)
        assert STATUSES[int(run.status)] is fit.status
        assert bool(run.converged)
        if prior != "separated":
            assert int(run.iterations) == fit.iterations
            np.testing.assert_allclose(run.trace[: fit.iterations + 1], fit.restarts.trace[0], rtol=1e-12)
        assert np.isnan(run.trace[int(run.iterations) + 1 :]).all()


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("acceleration", [None, "quasi_newton"])
def test_whole_weights_are_repeated_rows(acceleration):
    """Bootstrap counts as lanes, each against a fit of the rows that they repeat."""
    x = data_sets(1)[0]
    mixture = gp.Mixture(2).resolve(x)
    counts = np.random.default_rng(5).multinomial(N, np.full(N, 1 / N), size=3)
    lanes = jax.vmap(lambda weights: gp.em(mixture, x, START["full"], weights=weights, acceleration=acceleration))
    runs = jax.jit(lanes)(jnp.asarray(counts, dtype=float))
    assert np.asarray(runs.converged).all()
    for place, count in enumerate(counts):
        fit = gp.fit(mixture, np.repeat(x, count, axis=0), start=START["full"], tolerance=1e-12, **PLAIN)
        assert_same(jax.tree.map(lambda leaf, place=place: leaf[place], runs.parameters), fit.parameters, rtol=1e-4)
        np.testing.assert_allclose(runs.objective[place], fit.objective, atol=1e-7)


@pytest.mark.usefixtures("x64")
def test_a_weight_of_zero_leaves_a_row_out():
    x = data_sets(1)[0]
    mixture, weights = gp.Mixture(2).resolve(x), np.ones(N)
    weights[7] = 0
    run = jax.jit(lambda weights: gp.em(mixture, x, START["full"], weights=weights))(weights)
    fit = gp.fit(mixture, np.delete(x, 7, axis=0), start=START["full"], **PLAIN)
    assert_same(run.parameters, fit.parameters, rtol=1e-8)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("prior", ["weak", "flat"])
def test_derivatives_of_the_mode(prior):
    """With respect to rows and weights, reverse and forward, against differences of `fit` itself."""
    x = data_sets(1)[0]
    mixture = gp.Mixture(2, prior=prior).resolve(x)

    def mean(x, weights, tolerance):
        run = gp.em(mixture, x, START["full"], weights=weights, tolerance=tolerance, steps=60)
        return run.parameters.means[1, 0]

    ones = jnp.ones(N)
    by_row, by_weight = jax.jit(jax.grad(lambda x, w: mean(x, w, None), argnums=(0, 1)))(jnp.asarray(x), ones)
    # A run that ends when the point has come to rest leaves its derivative a little behind.
    forward = jax.jit(lambda x: jax.jvp(lambda x: mean(x, ones, 1e-14), (x,), (x**2,))[1])(jnp.asarray(x))
    np.testing.assert_allclose(forward, np.sum(by_row * x**2), rtol=5e-3)

    def fitted(x):
        return gp.fit(mixture, x, start=START["full"], tolerance=1e-14, **PLAIN).parameters.means[1, 0]

    step = np.zeros_like(x)
    step[3, 1] = 1e-4
    np.testing.assert_allclose(by_row[3, 1], (fitted(x + step) - fitted(x - step)) / 2e-4, rtol=1e-4)
    weighted = jax.jit(lambda w: mean(jnp.asarray(x), w, 1e-14))
    moved = [float(weighted(ones.at[3].add(each))) for each in (1e-2, -1e-2)]
    np.testing.assert_allclose(by_weight[3], (moved[0] - moved[1]) / 2e-2, rtol=1e-3)


@pytest.mark.usefixtures("x64")
def test_without_a_tolerance_all_steps_are_taken():
    """Begun at the mode, too: the derivative is then that of the mode, by differences."""
    x = data_sets(1)[0]
    point = gp.fit(gp.Mixture(2), x, start=START["full"], tolerance=1e-14, **PLAIN)

    @jax.jit
    def run(weights):
        return gp.em(point.mixture, x, point.parameters, weights=weights, steps=50, tolerance=None)

    ones, step = jnp.ones(N), 0.05
    found = run(ones)
    assert (int(found.iterations), bool(found.converged)) == (50, True)
    assert np.isfinite(found.trace).all()
    slope = jax.jit(jax.grad(lambda weights: run(weights).parameters.weights[0]))(ones)
    moved = [run(ones.at[5].add(each)).parameters.weights[0] for each in (step, -step)]
    np.testing.assert_allclose(slope[5], (moved[0] - moved[1]) / (2 * step), rtol=1e-3)


@pytest.mark.usefixtures("x64")
def test_how_a_run_ended_is_said_lane_by_lane():
    x = data_sets(1)[0]
    doubled = np.concatenate([x, np.full((N, 2), 9.0)])
    flat = gp.Mixture(2, prior="flat")
    with pytest.warns(gp.FitWarning, match="The prior, not the rows"):
        on_the_cluster = gp.fit(gp.Mixture(2), doubled).parameters
    cases = {
        gp.Status.STEP_LIMIT: (flat, x, START["full"], {"steps": 2}),
        gp.Status.NON_FINITE: (gp.Mixture(2).resolve(x), np.where(np.arange(N)[:, None] == 3, np.nan, x), START["full"], {}),
        gp.Status.COLLAPSED: (flat, doubled, on_the_cluster, {}),
    }
    for status, (mixture, rows, start, options) in cases.items():
        run = jax.jit(lambda x, m=mixture, s=start, o=options: gp.em(m, x, s, **o))(jnp.asarray(rows))
        found = STATUSES[int(run.status)]
        assert found is status or (status is gp.Status.NON_FINITE and found is gp.Status.COLLAPSED)
        assert not bool(run.converged)


def test_single_precision_is_what_it_is_given():
    x = data_sets(1)[0]
    with jax.enable_x64(False):
        run = jax.jit(lambda x: gp.em(gp.Mixture(2), x, START["full"]))(jnp.asarray(x))
        assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves((run.parameters, run.log_likelihood, run.trace)))
        assert bool(run.converged)
    fit = gp.fit(gp.Mixture(2), x, start=START["full"], **PLAIN)
    np.testing.assert_allclose(run.parameters.means, fit.parameters.means, atol=2e-2)
    np.testing.assert_allclose(run.objective, fit.objective, rtol=1e-5)


def test_it_asks_the_host_for_nothing():
    text = str(jax.make_jaxpr(lambda x: gp.em(gp.Mixture(2), x, START["full"]))(jnp.asarray(data_sets(1)[0])))
    assert "callback" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": np.zeros(5)}, r"x must have shape \(N, D\)"),
        ({"start": 3}, "start must be MixtureParameters"),
        ({"start": START["tied"]}, "full family"),
        ({"start": jax.tree.map(lambda leaf: np.stack([leaf, leaf]), START["full"])}, "jax.vmap"),
        ({"weights": np.ones(3)}, "one a row"),
        ({"steps": 0}, "steps must be"),
        ({"tolerance": 0.0}, "tolerance must be"),
        ({"acceleration": "warp"}, "acceleration: none is called"),
        ({"mixture": gp.Mixture(2, prior={"kind": "conjugate", "concentration": 0.5})}, "no mode for EM"),
    ],
)
def test_what_is_refused(change, words):
    given = {"mixture": gp.Mixture(2), "x": data_sets(1)[0], "start": START["full"]} | change
    with pytest.raises(gp.InputError, match=words):
        gp.em(given.pop("mixture"), given.pop("x"), given.pop("start"), **given)
