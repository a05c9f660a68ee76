"""What the command line writes to the standard error: progress, log lines, and errors as one message."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from gmm_ppl.errors import FitError, InputError
from gmm_ppl.progress import Progress, bars, silent


@contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """Log lines on the standard error, and bars below them on a terminal."""
    display = bars(sys.stderr) if sys.stderr.isatty() and not quiet else nullcontext(silent)
    with display as progress:
        # Made under the bars, where the standard error is the stream that scrolls above them.
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(logging.WARNING if quiet else logging.INFO)
        logging.getLogger("gmm_ppl").addHandler(handler)
        try:
            yield progress
        finally:
            logging.getLogger("gmm_ppl").removeHandler(handler)


@contextmanager
def plain_errors() -> Iterator[None]:
    """One message instead of a traceback, and the exit code that belongs to it."""
    try:
        yield
    except InputError as error:
        say(f"error: {error}", style="bold red")
        raise SystemExit(2) from None
    except FitError as error:
        say(f"the fit failed: {error}", style="bold red")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say("interrupted", style="bold red")
        raise SystemExit(130) from None


def say(message: str, style: str = "") -> None:
    """Write a message to the standard error, its first word in `style` on a terminal."""
    if not sys.stderr.isatty():
        # Rich, which takes a tenth of a second to import, would write the same.
        sys.stderr.write(f"{message}\n")
        return
    from rich.console import Console
    from rich.text import Text

    first, colon, rest = message.partition(":")
    Console(stderr=True, soft_wrap=True).print(Text(first, style) + Text(colon + rest), highlight=False)
