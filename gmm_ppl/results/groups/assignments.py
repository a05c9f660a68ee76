"""Which component each row belongs to, averaged over the posterior."""

from scipy.special import entr

from gmm_ppl.model.assignments import mean_responsibilities
from gmm_ppl.results.evaluate import select_draws
from gmm_ppl.results.limits import spaced
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws


def assignments_group(material: Material, draws: RelabelledDraws) -> Groups:
    """Posterior mean and standard deviation of the responsibilities, and what the mean says of each row.

    `assignment` is its most probable component, `entropy` −Σ_k γ_ik log γ_ik in nats: 0 where the row is sure, log K where
    nothing is known.
    """
    chains, each, components = draws.permutation.shape
    rows = len(material.table)
    kept = spaced(each, material.limits.evaluated // (chains * rows * components))
    mean, deviation = mean_responsibilities(select_draws(draws.parameters, kept), material.table.values)
    variables = {
        "responsibilities": (("obs", "component"), mean),
        "responsibilities_sd": (("obs", "component"), deviation),
        "assignment": (("obs",), mean.argmax(axis=1)),
        "entropy": (("obs",), entr(mean).sum(axis=1)),
    }
    dataset = material.labelled(variables, attrs={"n_samples": chains * kept.size})
    sentence = f"assignments: averages over {chains} × {kept.size} of {chains} × {each} draws, since there are {rows} rows."
    return Groups({"assignments": dataset}, (sentence,) if kept.size < each else ())
