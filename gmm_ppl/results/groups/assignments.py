"""Which component each row belongs to, averaged over the posterior, and how far draws differ about it."""

from gmm_ppl.results.diagnostics import ETI
from gmm_ppl.results.evaluate import entropy, select_draws
from gmm_ppl.results.limits import spaced
from gmm_ppl.results.material import Groups, Material
from gmm_ppl.results.relabel import RelabelledDraws


def assignments_group(material: Material, draws: RelabelledDraws) -> Groups:
    """Posterior mean, standard deviation and 89 % equal-tailed interval of the responsibilities, and what the mean says of rows.

    `assignment` is its most probable component, `entropy` −Σ_k γ_ik log γ_ik in nats: 0 where the row is sure, log K where
    nothing is known.
    """
    # Here, because a registry of groups need not wait for JAX.
    from gmm_ppl.model.assignments import membership_intervals

    chains, length, components = draws.permutation.shape
    rows = len(material.table)
    kept = spaced(length, material.limits.evaluated // (chains * rows * components))
    found = membership_intervals(select_draws(draws.parameters, kept), material.table.values, probability=ETI)
    each = ("obs", "component")
    variables = {
        "responsibilities": (each, found.mean),
        "responsibilities_sd": (each, found.deviation),
        "responsibilities_low": (each, found.low, {"probability": ETI}),
        "responsibilities_high": (each, found.high, {"probability": ETI}),
        "assignment": (("obs",), found.mean.argmax(axis=1)),
        "entropy": (("obs",), entropy(found.mean)),
    }
    dataset = material.labelled(variables, attrs={"n_samples": chains * kept.size})
    sentence = f"assignments: averages over {chains} × {kept.size} of {chains} × {length} draws, since there are {rows} rows."
    return Groups({"assignments": dataset}, (sentence,) if kept.size < length else ())
