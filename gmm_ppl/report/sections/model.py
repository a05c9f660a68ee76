"""The mixture and its prior in mathematical notation."""

import json
from collections.abc import Mapping

from gmm_ppl.data.wording import joined
from gmm_ppl.mixture.covariance import AbstractCovariance, Part
from gmm_ppl.mixture.supports import VOLUME
from gmm_ppl.report.findings import Findings
from gmm_ppl.report.numbers import count
from gmm_ppl.report.page import Block, Facts, Fold, Formula, Math, Section, paragraph
from gmm_ppl.report.reading import components, family_of, features

_LINE = 96


def model_section(found: Findings) -> Section:
    """The likelihood with the family's own covariance, the prior's formulae, and what EM maximises."""
    attrs = found.tree.attrs
    formulae = json.loads(str(attrs.get("prior_formulae", "[]")))
    prior = json.loads(str(attrs.get("prior", "{}")))
    blocks: list[Block] = [*_likelihood(found), paragraph("Prior:")]
    blocks += [Formula(str(formula)) for formula in formulae] or [paragraph("not recorded in this file.")]
    numbers = _numbers(prior)
    blocks += [Fold("The prior's numbers", (Facts(numbers),))] if len(numbers) > 1 else []
    return Section("model", "Model and prior", (*blocks, _objective(family_of(found.tree), flat=prior.get("kind") == "flat")))


def _likelihood(found: Findings) -> list[Block]:
    tree = found.tree
    parameters = count(tree["em_fit"].dataset.attrs["n_parameters"])
    return [
        paragraph(
            f"A Gaussian mixture with K = {count(len(components(tree)))} components of D = "
            f"{count(len(features(tree)))} "
            f"features and {tree.attrs['covariance']} covariances: {parameters} free parameters."
        ),
        Formula(
            rf"p(x_i \mid \pi, \mu, \Sigma) = \sum_{{k=1}}^{{K}} \pi_k \, \mathcal{{N}}\left(x_i \mid \mu_k, "
            rf"{family_of(tree).formula}\right)"
        ),
    ]


def _objective(family: type[AbstractCovariance], *, flat: bool) -> Block:
    if flat:
        return paragraph(
            "With this prior the EM point is the maximum-likelihood estimate. It has no proper posterior, so nothing is sampled."
        )
    return paragraph(
        "The EM point maximises ", Math(r"\log p(x \mid \pi, \mu, \Sigma) + \log p(\pi, \mu, \Sigma)"),
        f", the density being taken with respect to {joined(['weights', 'means', *map(_measured, family.parts)])} themselves.",
    )  # fmt: skip


def _measured(part: Part) -> str:
    return f"the logarithm of {part.name}" if part.support is VOLUME else part.name


def _numbers(prior: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), _short(json.dumps(value) if not isinstance(value, str) else value)) for name, value in prior.items())


def _short(text: str) -> str:
    return text if len(text) <= _LINE else text[: _LINE - 1] + "…"
