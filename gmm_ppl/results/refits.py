"""`sampling_wrapper`: what ArviZ asks of a library to refit a model without some of its rows."""

import numpy as np
import xarray as xr
from arviz_stats.loo import SamplingWrapper

from gmm_ppl.data.tables import Table, as_table
from gmm_ppl.errors import InputError
from gmm_ppl.inference.base import DrawsFit, NutsFit
from gmm_ppl.inference.em.fit import fit
from gmm_ppl.inference.nuts.sample import sample
from gmm_ppl.results.evaluate import pointwise_log_likelihood
from gmm_ppl.results.labels import SAMPLE, labelled, parameters_of, variables_of

Excluded = tuple[np.ndarray, np.ndarray]


class MixtureWrapper(SamplingWrapper):
    """A mixture that `arviz.reloo` and `arviz.loo_kfold` refit; `sampling_wrapper` makes one.

    Methods and their names are ArviZ's. Densities do not depend on labels, so refits are not relabelled.
    """

    def __init__(self, draws: NutsFit, tree: xr.DataTree, table: Table, settings: dict[str, object]) -> None:
        super().__init__(model=draws.mixture, idata_orig=tree, sample_kwargs=settings)
        self.draws, self.table = draws, table

    def sel_observations(self, idx: object) -> tuple[Table, Excluded]:
        """The rows that stay, and positions and values of those at positions `idx`, one or several."""
        left_out = np.atleast_1d(np.asarray(idx))
        stay = np.delete(self.table.values, left_out, axis=0)
        return as_table(stay), (left_out, self.table.values[left_out])

    def sample(self, modified_observed_data: Table) -> NutsFit:
        """EM from the EM point of all rows, then NUTS from there, under the very prior of the original fit."""
        point = fit(self.draws.mixture, modified_observed_data, start=self.draws.start)
        settings: dict = {"chains": self.draws.parameters.weights.shape[0], "draws": self.draws.draws_asked}
        settings |= {"seed": self.draws.seed, "max_tree_depth": self.draws.max_tree_depth} | self.sample_kwargs
        return sample(self.draws.mixture, modified_observed_data, start=point, **settings)

    def get_inference_data(self, fitted_model: NutsFit) -> xr.DataTree:
        """The draws of a refit as a tree with nothing but a posterior."""
        variables = variables_of(fitted_model.parameters, sample=SAMPLE)
        return xr.DataTree.from_dict({"/posterior": labelled(variables, self.table.features)})

    def log_likelihood__i(self, excluded_obs: Excluded, idata__i: xr.DataTree) -> xr.DataArray:
        """Log density of the rows left out under each draw of a refit, in nats, (chain, draw, obs)."""
        places, x = excluded_obs
        family = self.draws.parameters.shape.family.name
        values = pointwise_log_likelihood(parameters_of(idata__i["posterior"].dataset, family), x)
        return xr.DataArray(values, dims=(*SAMPLE, "obs"), coords={"obs": places})


def sampling_wrapper(draws: NutsFit, tree: xr.DataTree, /, **settings: object) -> MixtureWrapper:
    """An ArviZ `SamplingWrapper`, with which `az.reloo` and `az.loo_kfold` refit a mixture without some of its rows.

    ```python
    wrapper = gp.sampling_wrapper(draws, tree)
    az.reloo(wrapper)  # exact where Pareto k̂ is too large for importance sampling
    az.loo_kfold(tree, wrapper, k=5)
    ```

    A refit is `fit` on the rows that stay, from the EM point of all rows, and `sample` from there, with as many chains and draws
    as the original and its seed. Its prior is the original's with all its numbers: one that was scaled to the data is not scaled
    anew, since then the rows that are left out would be told by another model. Every refit costs about what the second call of
    `sample` did.

    Args:
        draws: what `sample` answered with.
        tree: `to_datatree(draws, data)`, with the log-likelihood of every row.
        settings: arguments of `sample` that refits have instead, `draws` or `warmup` for example.

    Raises:
        InputError: draws of another engine, a tree without the log-likelihood of rows, or of other rows' number of features.
    """
    if not isinstance(draws, NutsFit):
        raise InputError(f"sampling_wrapper refits by NUTS: give what gmm_ppl.sample returned; given {described(draws)}.")
    groups = [name for name in ("observed_data", "log_likelihood") if name not in tree.children]
    if groups:
        raise InputError(
            f"tree: it has no group {' and '.join(groups)}. Give to_datatree(draws, data), with limits that let it store the "
            "log-likelihood of every row."
        )
    observed = tree["observed_data"].dataset
    features = observed["feature"].values
    if features.size != draws.parameters.shape.features:
        raise InputError(f"tree: its rows have {features.size} features, the draws {draws.parameters.shape.features}.")
    x = observed["x"].transpose("obs", "feature").values
    table = as_table({str(name): x[:, place] for place, name in enumerate(features)})
    return MixtureWrapper(draws, tree, table, settings)


def described(given: object) -> str:
    """An engine's name, or a type's."""
    return f"draws of {given.engine}" if isinstance(given, DrawsFit) else type(given).__name__
