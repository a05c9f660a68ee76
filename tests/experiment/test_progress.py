"""What people see while they wait."""

import io

from gmm_ppl.progress import Lines, bars, shown, silent


def test_silence():
    assert silent("EM", 1, 2) is None


def test_one_line_when_a_stage_starts_and_one_when_it_is_done():
    lines: list[str] = []
    progress = Lines(lines.append)
    for done in range(4):
        progress("EM", done, 3, "objective -2.0")
    progress("EM", 3, 3)
    progress("NUTS", 0, 0)
    progress("NUTS", 5, 10)
    assert lines == ["EM …", "EM: 3 of 3 done, objective -2.0", "NUTS …"]


def test_a_stream_that_is_no_terminal_gets_lines():
    stream = io.StringIO()
    with shown(stream) as progress:
        progress("EM", 2, 2)
    assert stream.getvalue() == "EM …\nEM: 2 of 2 done\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Always."""
        return True


def test_a_terminal_gets_bars_that_vanish():
    stream = Terminal()
    with bars(stream) as progress:
        progress("EM", 1, 2, "objective -2.0")
        progress("EM", 2, 2)
    assert "EM" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")
    with shown(Terminal()) as progress:
        assert type(progress).__name__ == "Bars"
