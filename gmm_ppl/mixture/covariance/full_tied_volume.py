"""Full covariances of one volume: shape and orientation are each component's own (mclust's EVV)."""

from collections.abc import Mapping
from typing import ClassVar

from gmm_ppl.mixture.covariance.base import Part
from gmm_ppl.mixture.covariance.dense import AbstractDense, factor_gradient, schur_complement
from gmm_ppl.mixture.covariance.full import FullCovariance
from gmm_ppl.mixture.matrix_supports import UNIT_DETERMINANT
from gmm_ppl.mixture.supports import VOLUME, zero_sum_basis
from gmm_ppl.mixture.triangular import (
    below_diagonal,
    cholesky,
    diagonal,
    inverse_cholesky,
    inverse_triangle,
    mirrored,
    squared,
)
from gmm_ppl.namespace import namespace
from gmm_ppl.types import Array, Float


class TiedVolumeCovariance(AbstractDense):
    """Σ_k = λ C_k with |C_k| = 1, mclust's EVV. `root` is L⁻¹ for C_k = L Lᵀ where it is known already."""

    volume: Float[Array, "..."]
    shapes: Float[Array, "..."]
    root: Float[Array, "..."] | None = None
    name: ClassVar[str] = "full_tied_volume"
    formula: ClassVar[str] = r"\lambda C_k"
    parts: ClassVar[tuple[Part, ...]] = (
        Part("volume", (), VOLUME),
        Part("shapes", ("component", "feature", "feature_bis"), UNIT_DETERMINANT),
    )

    @staticmethod
    def sharing(components: int, features: int) -> int:
        return 1

    @property
    def shape_root(self) -> Float[Array, "... K D D"]:
        """L⁻¹ for C_k = L Lᵀ."""
        return inverse_cholesky(self.shapes) if self.root is None else self.root

    @property
    def inverse_root(self) -> Float[Array, "... K D D"]:
        return self.shape_root / namespace(self.volume).sqrt(self.volume)[..., None, None, None]

    @property
    def matrices(self) -> Float[Array, "... K D D"]:
        return self.volume[..., None, None, None] * self.shapes

    def thinnest(self, deviations: Float[Array, "... D"]) -> Array:
        # The volume is held up by the other components, so that a component that gets thin gets long as well.
        own = diagonal(self.matrices)
        return super().thinnest(namespace(own).sqrt(namespace(own).maximum(own, deviations[..., None, :] ** 2)))

    def rooted(self) -> "TiedVolumeCovariance":
        return type(self)(self.volume, self.shapes, self.shape_root)

    @classmethod
    def fitted(cls, count: Float[Array, "... K"], scatter: Array) -> "TiedVolumeCovariance":
        xp, factor = namespace(count, scatter), cholesky(scatter)
        # log |W_k|^{1/D}, of which the volume is a sum.
        own = 2 * xp.log(diagonal(factor)).mean(axis=-1)
        volume = xp.exp(own).sum(axis=-1) / count.sum(axis=-1)
        shapes = mirrored(scatter * xp.exp(-own)[..., None, None])
        return cls(volume, shapes, inverse_triangle(factor) * xp.exp(own / 2)[..., None, None])

    def gradient(self, count: Float[Array, "... K"], scatter: Array) -> dict[str, Array]:
        features, root, inside = scatter.shape[-1], self.shape_root, scatter / self.volume[..., None, None, None]
        slope = factor_gradient(root, 0 * count, inside)
        along = (diagonal(slope) / diagonal(root)) @ zero_sum_basis(features)
        total = self.trace_precision(scatter).sum(axis=-1)
        return {
            "volume": (total - features * count.sum(axis=-1)) / 2,
            "shapes": namespace(slope).concatenate([below_diagonal(slope), along], axis=-1),
        }

    @classmethod
    def from_real(cls, real: Mapping[str, Array]) -> "TiedVolumeCovariance":
        factor = UNIT_DETERMINANT.factor(real["shapes"])
        return cls(VOLUME.from_real(real["volume"]), squared(factor), inverse_triangle(factor))

    def marginal(self, kept: Array) -> FullCovariance:
        return FullCovariance(self.matrices[..., kept[:, None], kept])

    def conditional(self, kept: Array, given: Array) -> tuple[FullCovariance, Array]:
        covariance, gain = schur_complement(self.matrices, kept, given)
        return FullCovariance(covariance), gain

    @classmethod
    def drawn(cls, key: Array, count: Array, scatter: Float[Array, "D D"], components: int) -> "TiedVolumeCovariance":
        """One draw from p ∝ exp(−½ Σ_k (c_k log |Σ_k| + tr(Ψ Σ_k⁻¹))) for d log λ and the shapes' own measure; needs JAX.

        With the volume integrated out p(C) ∝ (Σ_k t_k)^{−a}, t_k = tr(Ψ C_k⁻¹) and a = Σ_k c_k D / 2. Matrices
        Σ_k ~ InverseWishart(c_k, Ψ), divided by |Σ_k|^{1/D}, have the density Π_k t_k^{−c_k D / 2}, which is nowhere less but for
        a constant: with w_k = c_k / Σ c, Σ t ≥ Π (t_k / w_k)^{w_k}, the weighted means of t_k / w_k. So they are drawn until a
        uniform number is below the ratio, which happens with the same probability whatever Ψ is: under the weak default 0.9 for
        two components, 0.3 to 0.5 for ten, 0.08 to 0.25 for twenty, about e^{−K/8} in many features.
        Then λ | C ~ InverseGamma(a, Σ_k t_k / 2).
        """
        import jax
        import jax.numpy as jnp

        features = scatter.shape[-1]
        count = jnp.broadcast_to(count, (components,))
        shares, power = count / jnp.sum(count), features * jnp.sum(count) / 2

        def propose(key: Array) -> tuple[Array, Array, Array]:
            """Bartlett's factor B of Σ⁻¹ = L⁻ᵀ B Bᵀ L⁻¹ for Ψ = L Lᵀ, log (t_k / |Ψ|^{1/D}) = log |B|² − log |B Bᵀ|^{1/D}, and
            the log ratio less that of a uniform number.
            """
            normal, gamma, uniform = jax.random.split(key, 3)
            degrees = (count[:, None] - jnp.arange(features)) / 2
            on = jnp.sqrt(2 * jax.random.gamma(gamma, degrees))
            factor = jnp.tril(jax.random.normal(normal, (components, features, features)), -1) + on[..., None] * jnp.eye(features)
            traces = jnp.log(jnp.sum(factor**2, axis=(-2, -1))) - 2 * jnp.mean(jnp.log(on), axis=-1)
            bound = jnp.sum(shares * (traces - jnp.log(shares)))
            ratio = power * (bound - jnp.log(jnp.sum(jnp.exp(traces))))
            return factor, traces, ratio - jnp.log(jax.random.uniform(uniform))

        def again(state: tuple) -> tuple:
            following, key = jax.random.split(state[0])
            return following, *propose(key)

        key, for_volume = jax.random.split(key)
        _, factor, traces, _ = jax.lax.while_loop(lambda state: state[-1] < 0, again, again((key,)))
        root = cholesky(scatter)
        each = jax.vmap(lambda lower: jax.scipy.linalg.solve_triangular(lower, root.T, lower=True))(factor)
        # |Σ_k|^{1/D}, and |Ψ|^{1/D}, which `traces` leave out.
        own = 2 * jnp.mean(jnp.log(diagonal(root)))
        volumes = own - 2 * jnp.mean(jnp.log(diagonal(factor)), axis=-1)
        shapes = mirrored(each.swapaxes(-1, -2) @ each * jnp.exp(-volumes)[:, None, None])
        half = own + jnp.log(jnp.sum(jnp.exp(traces))) - jnp.log(2)
        return cls(jnp.exp(half - jax.random.loggamma(for_volume, power)), shapes)
