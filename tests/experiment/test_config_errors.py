"""Every way a config can be wrong, and the message for it, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gmm_ppl.mixture.covariance import FAMILIES
from tests.experiment.conftest import config, refusal

ONE_PROBLEM = {
    "unknown key": (
        config(seed="sed: 3"),
        "x.yaml:4:1: sed: unknown key; did you mean 'seed'? (allowed here: name, seed, data, model, em, mcmc, report, sweep)",
    ),
    "unknown inner key": (
        config(em="em: {tol: 1.0e-3}"),
        "x.yaml:4:6: em.tol: unknown key (allowed here: starts, start, tolerance, max_steps, bootstrap, acceleration, data_pass)",
    ),
    "unknown number of a prior": (
        config(model="model: {components: 2, prior: {kind: flat, scale: 1}}", mcmc="mcmc: null"),
        "x.yaml:3:44: model.prior.scale: unknown key (allowed here: kind)",
    ),
    "missing key": (
        config(name=""),
        "x.yaml:1:1: name: this key is missing. The run directory's name: letters, digits, `.`, `_` and `-`.",
    ),
    "missing inner key": (
        config(model="model: {covariance: full}"),
        "x.yaml:3:1: model.components: this key is missing. The number of components, K.",
    ),
    "unknown data set": (
        config(data="data: {dataset: fathful}"),
        "x.yaml:2:17: data.dataset: unknown data set 'fathful'; did you mean 'faithful'? (known: "
        "faithful, iris, diabetes, galaxies)",
    ),
    "unknown family": (
        config(model="model: {components: 2, covariance: ful}"),
        f"x.yaml:3:36: model.covariance: unknown covariance family 'ful'; did you mean 'full'? (known: {', '.join(FAMILIES)})",
    ),
    "unknown prior": (
        config(model="model: {components: 2, prior: week}"),
        "x.yaml:3:31: model.prior: unknown kind 'week'; did you mean 'weak'? (known: weak, flat, conjugate, separated, program)",
    ),
    "prior without a kind": (
        config(model="model: {components: 2, prior: {scale: 1}}"),
        "x.yaml:3:31: model.prior: the key `kind` is missing. What is believed before the data: the name of a prior, or a "
        "mapping with its `kind` and numbers. `flat` is maximum likelihood, and needs `mcmc: null`.",
    ),
    "unknown sampler": (
        config(mcmc="mcmc: {sampler: hmc}"),
        "x.yaml:4:17: mcmc.sampler: unknown sampler 'hmc' (known: nuts, laplace, tempered)",
    ),
    "unknown start": (
        config(em="em: {start: 5}"),
        "x.yaml:4:13: em.start: expected the name of a start (several, random, kmeans, nearest, unions, hierarchical, "
        "responsibilities), got the number 5",
    ),
    "unknown data pass": (
        config(em="em: {data_pass: torch}"),
        "x.yaml:4:17: em.data_pass: unknown data pass 'torch' (known: numpy, jax)",
    ),
    "unknown format": (
        config(report="report: {formats: [pdf]}"),
        "x.yaml:4:20: report.formats[0]: unknown report format 'pdf' (known: html, md)",
    ),
    "text for a whole number": (
        config(model="model: {components: two}"),
        "x.yaml:3:21: model.components: expected a whole number, got the text 'two'",
    ),
    "quoted number": (
        config(seed="seed: '5'"),
        "x.yaml:4:7: seed: expected a whole number, got the text '5'; remove the quotes",
    ),
    "fraction for a whole number": (
        config(seed="seed: 1.5"),
        "x.yaml:4:7: seed: expected a whole number, got the number 1.5",
    ),
    "boolean for a whole number": (
        config(seed="seed: yes"),
        "x.yaml:4:7: seed: expected a whole number, got the boolean true",
    ),
    "nothing for a section": (
        config(em="em:"),
        "x.yaml:4:4: em: expected keys with values, got nothing (null); leave the key away for its defaults",
    ),
    "exponent without a point": (
        config(em="em: {tolerance: 1e-4}"),
        "x.yaml:4:17: em.tolerance: expected a number, got the text '1e-4'; YAML takes 1e-4 for text, write 1.0e-4",
    ),
    "exponent without a sign": (
        config(em="em: {tolerance: 1.5e4}"),
        "x.yaml:4:17: em.tolerance: expected a number, got the text '1.5e4'; YAML takes 1.5e4 for text, write 1.5e+4",
    ),
    "infinite number": (
        config(em="em: {tolerance: .inf}"),
        "x.yaml:4:17: em.tolerance: expected a finite number, got the number inf",
    ),
    "number too small": (config(seed="seed: -1"), "x.yaml:4:7: seed: expected a number of at least 0, got -1"),
    "number too large": (
        config(seed="seed: 2147483646"),
        "x.yaml:4:7: seed: expected a number of at most 2147483645, got 2147483646",
    ),
    "number at an open bound": (
        config(em="em: {tolerance: 0}"),
        "x.yaml:4:17: em.tolerance: expected a number above 0, got 0",
    ),
    "boolean for text": (
        config(name="name: no"),
        'x.yaml:1:7: name: expected text, got the boolean false; in quotes, "no", YAML keeps it as text',
    ),
    "date for text": (
        config(name="name: 2024-01-02"),
        'x.yaml:1:7: name: expected text, got 2024-01-02 (a date); in quotes, "2024-01-02", it stays text',
    ),
    "name with a slash": (
        config(name="name: a/b"),
        "x.yaml:1:7: name: the text 'a/b' cannot be used. The run directory's name: letters, digits, `.`, `_` and `-`.",
    ),
    "text for a list": (
        config(data="data: {dataset: faithful, columns: waiting}"),
        "x.yaml:2:36: data.columns: expected a list of column names in square brackets, got the text 'waiting'",
    ),
    "boolean for a column": (
        config(data="data: {dataset: faithful, columns: [waiting, off]}"),
        "x.yaml:2:46: data.columns[1]: expected a column's name, got the boolean false; put the name in quotes",
    ),
    "empty list": (
        config(data="data: {dataset: faithful, columns: []}"),
        "x.yaml:2:36: data.columns: this is empty; give at least one, or leave the key away",
    ),
    "number for a section": (config(em="em: 5"), "x.yaml:4:5: em: expected keys with values, got the number 5"),
    "false for the sampler": (
        config(mcmc="mcmc: false"),
        "x.yaml:4:7: mcmc: expected keys with values, got the boolean false. The sampler; `mcmc: null` leaves it out.",
    ),
    "no source of data": (
        config(data="data: {}"),
        "x.yaml:2:7: data: give either `dataset` (a bundled data set) or `path` (a file); neither is there",
    ),
    "two sources of data": (
        config(data="data: {dataset: faithful, path: a.csv}"),
        "x.yaml:2:7: data: give either `dataset` (a bundled data set) or `path` (a file); both are there",
    ),
    "text among the numbers of a prior": (
        config(model="model: {components: 2, prior: {kind: conjugate, scale: [[1, 0], [0, x]]}}"),
        "x.yaml:3:56: model.prior.scale: expected a number, a list of numbers, or a matrix as a list of rows, got the text 'x'",
    ),
    "ragged matrix": (
        config(model="model: {components: 2, prior: {kind: conjugate, scale: [[1, 0], [0]]}}"),
        "x.yaml:3:56: model.prior.scale: expected a number, a list of numbers, or a matrix as a list of rows, got a list of 2",
    ),
    "function without a module": (
        config(model="model: {components: 2, prior: {kind: program, function: prior}}"),
        "x.yaml:3:57: model.prior.function: the text 'prior' cannot be used. A NumPyro program `function(components, features)`, "
        'or the name of one as "package.module:name".',
    ),
    "sampling under a flat prior": (
        config(model="model: {components: 2, prior: flat}"),
        "x.yaml:3:31: model.prior: the posterior of a mixture under a flat prior is improper and cannot be sampled; set "
        "`mcmc: null` (maximum likelihood by EM alone) or choose `prior: weak`",
    ),
}


@pytest.mark.parametrize("case", ONE_PROBLEM)
def test_one_problem_gives_one_line(write: Callable[[str], Path], case: str):
    text, expected = ONE_PROBLEM[case]
    assert refusal(write, text) == expected


def test_all_problems_are_reported_at_once_in_the_order_of_the_file(write: Callable[[str], Path]):
    text = config(model="model: {components: 0}", seed="seed: 010", em="em: {starts: 3, starts: many}")
    assert refusal(write, text).splitlines() == [
        "x.yaml: 4 problems",
        "x.yaml:3:21: model.components: expected a number of at least 1, got 0",
        "x.yaml:4:7: seed: YAML reads 010 as 8; write the number you mean in plain digits",
        "x.yaml:5:17: em.starts: the key is there twice, on line 5; keep one of them",
        "x.yaml:5:25: em.starts: expected a whole number, got the text 'many'",
    ]
