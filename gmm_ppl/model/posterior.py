"""The posterior of a mixture given data: the NumPyro program, and the same density as plain functions for any sampler."""

from collections.abc import Callable

import equinox as eqx
import jax
import numpyro

from gmm_ppl.data.tables import as_table
from gmm_ppl.mixture.data_pass import log_likelihood, small
from gmm_ppl.mixture.parameters import MixtureParameters, MixtureShape
from gmm_ppl.mixture.rows import Rows, on_device, rows
from gmm_ppl.model.distribution import GaussianMixture
from gmm_ppl.model.specification import Mixture, as_jax, resolved_prior
from gmm_ppl.priors import AbstractPrior
from gmm_ppl.priors.base import Sites
from gmm_ppl.priors.sites import draw_sites
from gmm_ppl.types import Array, Float


class Posterior(eqx.Module):
    """Rows, their weights and a prior with all its numbers: what every engine climbs or samples.

    All methods are pure; densities are in nats. To compile one, use `equinox.filter_jit`, or `jax.jit` a function of your own
    that calls it: `jax.jit` cannot hash a method that is bound to arrays.
    """

    rows: Rows
    prior: AbstractPrior
    shape: MixtureShape = eqx.field(static=True)

    @property
    def x(self) -> Float[Array, "N D"]:
        """The rows, in units of x."""
        return self.rows.x

    @property
    def short(self) -> bool:
        """Whether a pass is so short, on the processor, that positions, and chains, are best taken one by one."""
        return jax.default_backend() == "cpu" and small(self.rows, self.shape.components * self.shape.features)

    def log_joint(self, sites: Sites) -> Float[Array, ""]:
        """Log p(x | sites) + log p(sites), with respect to the measures of the sites' supports: Lebesgue's, but for volumes."""
        return sum(self.log_terms(sites)[:2])

    def log_terms(self, sites: Sites) -> tuple[Array, Array, MixtureParameters]:
        """Log-likelihood, log prior and the parameters at `sites`."""
        prior_value, parameters = self.prior.log_density(self.shape, sites)
        return log_likelihood(self.rows, parameters), prior_value, parameters

    def log_density(self, unconstrained: Sites) -> Float[Array, ""]:
        """The log joint density in unconstrained coordinates, their Jacobian included: what a sampler needs."""
        return sum(self.log_terms_of_coordinates(unconstrained))

    def log_terms_of_coordinates(self, unconstrained: Sites) -> tuple[Array, Array]:
        """Log-likelihood, and log prior density in unconstrained coordinates."""
        prior_value, parameters = self.prior.log_density_of_real(self.shape, unconstrained)
        return log_likelihood(self.rows, parameters), prior_value

    def constrain(self, unconstrained: Sites) -> Sites:
        """Sites from unconstrained coordinates."""
        return self.prior.constrain(self.shape, unconstrained)

    def unconstrain(self, sites: Sites) -> Sites:
        """Unconstrained coordinates of sites."""
        return self.prior.unconstrain(self.shape, sites)

    def parameters(self, sites: Sites) -> MixtureParameters:
        """The mixture's parameters at `sites`."""
        return self.prior.log_density(self.shape, sites)[1]

    def init_params(self, key: Array, chains: int) -> Sites:
        """Unconstrained starting points drawn from the prior, one a chain (for samplers that are given no fit)."""
        keys = jax.random.split(key, chains)
        return jax.vmap(lambda each: self.unconstrain(draw_sites(self.prior, self.shape, each)[0]))(keys)

    def model(self) -> Callable[[], None]:
        """The NumPyro program: prior, plate `obs`, observation `x`."""

        def mixture_model() -> None:
            parameters = self.prior.sample_parameters(self.shape)
            with numpyro.plate("obs", self.x.shape[0]):
                numpyro.sample("x", GaussianMixture(parameters), obs=self.x)

        return mixture_model


def posterior(mixture: Mixture, data: object, *, single: bool = False) -> Posterior:
    """The posterior of `mixture` given rows of data (anything `as_table` takes), in the JAX precision in force.

    That is float32 unless `jax.enable_x64`, `jax.config.update("jax_enable_x64", True)` or `numpyro.enable_x64` says otherwise,
    here and where the densities are evaluated. In float32 they keep about six digits: enough for samplers of a few hundred rows,
    not for Newton's steps. What a `with` block says holds in its own thread alone.

    Args:
        mixture: the specification; a prior that is scaled to data gets its numbers here.
        data: rows (N, D).
        single: hold the rows, and do what is done for each of them, in single precision.

    Raises:
        InputError: data or hyperparameters that cannot be used.
    """
    x = as_table(data).values
    resolved = mixture.resolve(x)
    return posterior_of(resolved, rows(x, single=single))


def posterior_of(mixture: Mixture, held: Rows) -> Posterior:
    """The posterior of a mixture with all its numbers, in the JAX precision in force."""
    return Posterior(on_device(held), as_jax(resolved_prior(mixture)), mixture.shape(held.columns.shape[0]))
