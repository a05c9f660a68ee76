"""How often intervals held the truth, as a table."""

from collections.abc import Iterator

from gmm_ppl.calibration.coverage import CONFIDENCE, LEVELS, Coverage, covered
from gmm_ppl.calibration.run import Calibration
from gmm_ppl.report.numbers import plural
from gmm_ppl.report.page import Block, Column, TableBlock, Tone, paragraph


def coverage_blocks(calibration: Calibration) -> Iterator[Block]:
    """A row for each quantity, with the share of replications whose truth its intervals held."""
    found = covered(calibration.ranks, calibration.names, calibration.draws)
    by_name = {name: [each for each in found if each.name == name] for name in calibration.names}
    titles = (f"{level:.0%} interval held it" for level in LEVELS)
    columns = (Column("quantity", numeric=False), Column("outcome", numeric=False), *map(Column, titles))
    tones = tuple(Tone.GOOD if all(each.kept for each in kept) else Tone.CAUTION for kept in by_name.values())
    named = zip(by_name.items(), tones, strict=True)
    rows = tuple((name, tone.value, *map(shown, each)) for (name, each), tone in named)
    yield TableBlock(columns, rows, "Central intervals that held the truth", tones)
    missed, chance = sum(not each.kept for each in found), 1 - CONFIDENCE
    yield paragraph(
        f"In brackets the share that right draws would give, with the range that holds {CONFIDENCE:.0%} of such shares. "
        f"{plural(missed, 'share')} of {len(found)} outside it; {chance * len(found):.1g} would be by chance."
    )


def shown(each: Coverage) -> str:
    """`0.52 (0.5: 0.48–0.52)`."""
    return f"{each.share:.3f} ({each.expected:.3f}: {each.low:.3f}–{each.high:.3f})"
