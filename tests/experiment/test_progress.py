"""What people see while they wait."""

import io

import pytest

from gmm_ppl.progress import bars, silent, watched


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def test_silence():
    assert silent("EM", 1, 2) is None


def test_a_terminal_gets_bars_that_vanish():
    stream = Terminal()
    with bars(stream) as progress:
        progress("EM", 1, 2, "objective -2.0")
        progress("EM", 2, 2)
    assert "EM" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize(("stream", "shows"), [(Terminal(), True), (io.StringIO(), False)], ids=["terminal", "pipe"])
def test_bars_are_the_default_on_a_terminal_only(monkeypatch, stream: io.StringIO, shows: bool):
    monkeypatch.setattr("sys.stderr", stream)
    with watched(None) as progress:
        progress("EM", 1, 2)
    assert ("EM" in stream.getvalue()) is shows


def test_a_progress_of_ones_own_is_used_as_it_is():
    seen = []
    with watched(lambda *call: seen.append(call)) as progress:
        progress("EM", 1, 2)
    assert seen == [("EM", 1, 2)]
