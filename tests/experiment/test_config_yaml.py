"""Files that are not YAML, or YAML that does not mean what it seems to: the message for each, word for word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.experiment.loading import load
from tests.experiment.conftest import config, refusal

TRAPS = {
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


@pytest.mark.parametrize("case", TRAPS)
def test_each_trap_has_its_message(write: Callable[[str], Path], case: str):
    text, expected = TRAPS[case]
    assert refusal(write, text) == expected


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
