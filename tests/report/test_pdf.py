"""Reports printed to PDF: by a real browser, and what is said where there is none."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gmm_ppl.errors import InputError
from gmm_ppl.report.pdf import print_pdf
from tests.report.browser import or_skip


@pytest.mark.browser
def test_a_report_is_printed_whole(written: Callable[[str], Path], tmp_path: Path):
    or_skip()
    print_pdf(written("full") / "report.html", tmp_path / "r.pdf")
    content = (tmp_path / "r.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    pages = [int(each) for each in re.findall(rb"/Type /Pages\s*/Count (\d+)", content)]
    assert max(pages) >= 3


def test_without_a_browser_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "report.html").write_text("<p>")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="needs a browser of the Chromium family"):
        print_pdf(tmp_path / "report.html", tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


def test_a_browser_that_prints_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "report.html").write_text("<p>")
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="the browser printed nothing"):
        print_pdf(tmp_path / "report.html", tmp_path / "r.pdf")


def test_what_is_missing_is_said_first(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such report"):
        print_pdf(tmp_path / "report.html", tmp_path / "r.pdf")
    (tmp_path / "report.html").write_text("<p>")
    with pytest.raises(InputError, match="there is no directory"):
        print_pdf(tmp_path / "report.html", tmp_path / "no" / "r.pdf")
