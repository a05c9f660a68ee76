"""Every way a config can be wrong, and the message for it, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.loading import load

GOOD = {
    "name": "name: a",
    "data": "data: {dataset: faithful}",
    "model": "model: {components: 2}",
}


def config(**lines: str) -> str:
    """A valid config of three lines, some of them replaced and others added."""
    return "\n".join({**GOOD, **lines}.values()) + "\n"


def refusal(write: Callable[[str], Path], text: str) -> str:
    """The message with which a config is refused."""
    with pytest.raises(InputError) as caught:
        load(write(text))
    return str(caught.value)


ONE_PROBLEM = {
    "unknown key": (
        config(seed="sed: 3"),
        "x.yaml:4:1: sed: unknown key; did you mean 'seed'? (allowed here: name, seed, data, model, em, mcmc, report)",
    ),
    "unknown inner key": (
        config(em="em: {tol: 1.0e-3}"),
        "x.yaml:4:6: em.tol: unknown key (allowed here: starts, start, tolerance, max_steps)",
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
        "x.yaml:3:36: model.covariance: unknown covariance family 'ful'; did you mean 'full'? (known: "
        "full, tied, diagonal, spherical)",
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
        "x.yaml:4:17: mcmc.sampler: unknown sampler 'hmc' (known: nuts)",
    ),
    "unknown start": (
        config(em="em: {start: 5}"),
        "x.yaml:4:13: em.start: expected the name of a start (kmeans, random), got the number 5",
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
    "duplicate key": (
        config(again="name: b"),
        "x.yaml:4:1: name: the key is there twice, on lines 1 and 4; keep one of them",
    ),
    "duplicate inner key on one line": (
        config(em="em: {starts: 3, starts: 4}"),
        "x.yaml:4:17: em.starts: the key is there twice, on line 4; keep one of them",
    ),
    "octal number": (
        config(seed="seed: 010"),
        "x.yaml:4:7: seed: YAML reads 010 as 8; write the number you mean in plain digits",
    ),
    "number to the base 60": (
        config(seed="seed: 1:30"),
        "x.yaml:4:7: seed: YAML reads 1:30 as 90; write the number you mean in plain digits",
    ),
    "list at the top": (
        "- name\n- data\n",
        "x.yaml:1:1: expected keys such as `name: …` at the top of the file, got a list",
    ),
    "text at the top": (
        "faithful\n",
        "x.yaml:1:1: expected keys such as `name: …` at the top of the file, got only the text 'faithful'",
    ),
    "empty file": (
        "",
        "x.yaml: the file is empty or holds only comments; a config needs at least name, data and model",
    ),
    "only comments": (
        "# name: a\n",
        "x.yaml: the file is empty or holds only comments; a config needs at least name, data and model",
    ),
    "tab": (
        "name: a\ndata:\n\tdataset: faithful\n",
        "x.yaml:3:1: not valid YAML: a tab where YAML wants spaces; replace it by spaces",
    ),
    "two colons": (
        "name: a: b\n",
        "x.yaml:1:8: not valid YAML: a second `: ` on one line; put each key on its own line, or quote the value",
    ),
    "open bracket": (
        "name: [a\ndata: 3\n",
        "x.yaml:2:5: not valid YAML: a list is not closed by `]`, or lacks a comma (it begins on line 1)",
    ),
    "open quote": ("name: 'a\n", "x.yaml:2:1: not valid YAML: a quoted text is not closed (it begins on line 1)"),
    "two documents": (
        "name: a\n---\nname: b\n",
        "x.yaml:2:1: not valid YAML: a second document begins here; keep one config in a file",
    ),
    "anchor within itself": (
        "name: &a [*a]\n",
        "x.yaml:1:7: name[0]: this anchor contains itself; write the value out",
    ),
    "too many brackets": ("name: " + "[" * 5000, "x.yaml: not valid YAML: brackets or anchors are nested too deeply"),
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


def test_missing_file_names_its_neighbour(write: Callable[[str], Path]):
    write(config(), "configs/faithful.yaml")
    with pytest.raises(InputError) as caught:
        load(Path("configs/fathful.yaml"))
    assert str(caught.value) == "configs/fathful.yaml: there is no such file; did you mean 'configs/faithful.yaml'?"


def test_directory_is_not_a_config(write: Callable[[str], Path]):
    write(config(), "configs/faithful.yaml")
    with pytest.raises(InputError) as caught:
        load(Path("configs"))
    assert str(caught.value) == "configs: the file cannot be read: it is a directory, not a config file"


def test_bytes_that_are_not_text(write: Callable[[str], Path]):
    path = write("")
    path.write_bytes(b"name: a\ndata: \xff\xfe\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value) == "x.yaml:2: the file is not UTF-8 text; save it as UTF-8"


def test_objects_of_a_program_are_refused_and_not_made(write: Callable[[str], Path]):
    message = refusal(write, config(name="name: !!python/object/apply:os.mkdir [made]"))
    assert message.splitlines()[1] == (
        "x.yaml:1:7: name: the tag tag:yaml.org,2002:python/object/apply:os.mkdir makes objects of a program, which a "
        "config cannot hold; remove it"
    )
    assert not Path("made").exists()


def test_anchors_that_multiply_are_refused(write: Callable[[str], Path]):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    assert "anchors expand to over 100000 entries; write the values out" in refusal(write, "\n".join(lines))


def test_byte_order_mark_anchors_and_merges_are_fine(write: Callable[[str], Path]):
    text = "\ufeff" + config(em="em: &em {starts: 3}", report="report: {formats: &f [html]}")
    assert load(write(text)).config.em.starts == 3
