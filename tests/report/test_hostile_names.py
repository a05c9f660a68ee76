"""Names that are markup stay names: of columns, rows' labels, the run, the data, the seeds; in every file."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from markdown_it import MarkdownIt

from gmm_ppl.report import write_report
from tests.report.browser import Page, chromium, or_skip
from tests.report.conftest import SCRIPT
from tests.report.synthetic import FLOWERS, sampled

BREAKOUT = '"><img src=x onerror=alert(1)>'
NAMES = (
    SCRIPT,
    BREAKOUT,
    "</title></style></svg><svg onload=alert(1)>|`$\\frac{1}{2}$`",
    "**a** [b](javascript:alert(1)) ]]> &amp;",
)
LEVELS = (f"{SCRIPT}|", BREAKOUT, "' onmouseover='alert(1)")
MANIFEST = {"command": f"gmm-ppl run {SCRIPT} ```", "versions": {BREAKOUT: SCRIPT}, "status": "complete"}


def hostile() -> xr.DataTree:
    tree = sampled(FLOWERS, names=NAMES, labels={BREAKOUT: np.repeat(LEVELS, 50)})
    tree.attrs |= {"name": SCRIPT, "source": BREAKOUT, "relabelling_note": SCRIPT, "inference_library": BREAKOUT, SCRIPT: SCRIPT}
    tree["em_fit"].attrs["message"] = f"Converged {SCRIPT}."
    return tree


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("hostile")
    write_report(hostile(), where, manifest=MANIFEST)
    return where


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    or_skip()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.browser
def test_in_a_browser_no_name_becomes_an_element_or_runs(page: Page, directory: Path) -> None:
    page.complaints.clear()
    page.requests.clear()
    page.open(directory / "report.html", width=1280)
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:image/png"))] == []
    assert len([url for url in page.requests if url.startswith("file:")]) == 1
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("document.querySelectorAll('img, iframe, object').length") == 0
    handlers = (
        "[...document.querySelectorAll('*')].flatMap(each => each.getAttributeNames()).filter(name => name.startsWith('on'))"
    )
    assert page.run(f"{handlers}.length") == 0
    assert page.run("document.title") == f"{SCRIPT} – mixture report"
    text = str(page.run("document.body.textContent"))
    for name in (*NAMES, *LEVELS, MANIFEST["command"]):
        assert name in text, name


@pytest.mark.browser
def test_the_policy_would_stop_a_script_that_got_in(page: Page, directory: Path, tmp_path: Path) -> None:
    whole = (directory / "report.html").read_text(encoding="utf-8")
    broken = whole.replace(
        "<main>", "<main><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
    )
    (tmp_path / "broken.html").write_text(broken, encoding="utf-8")
    page.open(tmp_path / "broken.html", width=1280)
    assert page.run("document.title") == f"{SCRIPT} – mixture report"
    assert any("Content Security Policy" in each for each in page.complaints)
    assert page.run("document.querySelectorAll('thead button').length") > 0


def test_in_markdown_every_name_is_text(directory: Path) -> None:
    found = MarkdownIt("commonmark").enable("table").parse((directory / "report.md").read_text(encoding="utf-8"))
    blocks = [token.content for token in found if token.type == "html_block"]
    assert not [each for each in blocks if "script" in each or "img" in each]
    pieces = [child for token in found for child in token.children or ()]
    assert not [each for each in pieces if each.type in {"html_inline", "link_open"}]
    assert {each.attrs["src"].split("/")[0] for each in pieces if each.type == "image"} == {"figures"}
    cells = {"".join(child.content for child in token.children or ()) for token in found if token.type == "inline"}
    for name in (*NAMES, *LEVELS, SCRIPT):
        assert name in cells, name


def test_in_figures_names_are_text(directory: Path) -> None:
    for path in (directory / "figures").iterdir():
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.parse(path).iter()}
        assert not tags & {"script", "img", "foreignObject", "a"}, path.name
    text = "".join(ElementTree.parse(directory / "figures" / "marginals.svg").getroot().itertext())
    assert SCRIPT in text
