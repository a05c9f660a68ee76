"""Expected sufficient statistics of a mixture: all that an M-step, a gradient or a Gibbs count needs of the data."""

from gmm_ppl.mixture.moments import Moment
from gmm_ppl.namespace import namespace
from gmm_ppl.records import Record, static
from gmm_ppl.types import Array, Float


class Statistics(Record):
    """Σ_i w_i r_ik (1, x_i − c_k, second moment of x_i − c_k): sums about a shared centre c, so that chunks simply add.

    `second` is (K, D, D) where `moment` is of outer products, (K, D) where it is of squares. Several mixtures have leading axes.
    """

    count: Float[Array, "... K"]
    first: Float[Array, "... K D"]
    second: Array
    centre: Float[Array, "... K D"]
    moment: Moment = static()

    @property
    def offset(self) -> Float[Array, "... K D"]:
        """Weighted mean of x less the centre; 0 where a component has no rows."""
        xp = namespace(self.count)
        return self.first / xp.where(self.count > 0, self.count, 1)[..., None]

    @property
    def means(self) -> Float[Array, "... K D"]:
        """Weighted means of x; the centre where a component has no rows."""
        return self.centre + self.offset

    @property
    def scatter(self) -> Array:
        """Weighted second moments about the weighted means, in the shape of `second`; matrices exactly symmetric."""
        return self.about(self.offset)

    def about(self, offset: Float[Array, "... K D"]) -> Array:
        """Weighted second moments less those of `offset`, counted."""
        return self.moment.symmetric(self.second - self.moment.square(offset) * self.moment.expand(self.count))


def no_statistics(means: Float[Array, "... K D"], moment: Moment) -> Statistics:
    """`Statistics` of no rows, for K components of D features."""
    zeros = 0 * means
    return Statistics(zeros[..., 0], zeros, moment.square(zeros), zeros, moment)
