"""What a user states: accepted, resolved against data, or refused word for word."""

import numpy as np
import pytest

import gmm_ppl as gp
from gmm_ppl.errors import InputError
from gmm_ppl.mixture.scale import data_scale
from gmm_ppl.model.specification import resolved_prior
from gmm_ppl.priors import AbstractPrior
from tests.cases import EVERY, mixture_shape, prior_statement, random_rows

X = random_rows(30)


@pytest.mark.parametrize("components", [1, np.int64(3)])
def test_components(components):
    mixture = gp.Mixture(components)
    assert (mixture.covariance, mixture.prior) == ("full", "weak")
    assert mixture.shape(2) == mixture_shape("full", int(components))


@pytest.mark.parametrize(("family", "kind"), EVERY)
def test_resolving_fills_in_the_prior_and_nothing_else(family, kind):
    mixture = gp.Mixture(3, family, prior_statement(family, kind))
    resolved = mixture.resolve(X)
    assert isinstance(resolved.prior, AbstractPrior)
    assert (resolved.components, resolved.covariance) == (3, family)
    assert resolved.prior.kind == ("conjugate" if kind == "weak" else kind)
    assert resolved.resolve(random_rows(9)).prior is resolved.prior
    assert resolved_prior(resolved) is resolved.prior
    assert type(mixture.resolve(data_scale(X)).prior) is type(resolved.prior)


REFUSALS = {
    "none": (lambda: gp.Mixture(0), "components must be a whole number from 1; given 0."),
    "negative": (lambda: gp.Mixture(-2), "components must be a whole number from 1; given -2."),
    "fraction": (lambda: gp.Mixture(2.0), "components must be a whole number from 1; given 2.0."),
    "text": (lambda: gp.Mixture("2"), "components must be a whole number from 1; given '2'."),
    "boolean": (lambda: gp.Mixture(True), "components must be a whole number from 1; given True."),
    "family": (
        lambda: gp.Mixture(2, "VVV"),
        "covariance: no family is called 'VVV'; choose one of full, full_tied_volume, tied, diagonal, "
        "diagonal_tied_shape, spherical, spherical_tied.",
    ),
    "no data yet": (
        lambda: resolved_prior(gp.Mixture(2)),
        "the prior 'weak' has no numbers yet: call mixture.resolve(data) first.",
    ),
    "one axis": (
        lambda: gp.Mixture(2).sample_parameters(scale=X[:, 0]),
        "rows must have shape (N, D); given (30,). A single feature is x[:, None].",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    call, message = REFUSALS[case]
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
