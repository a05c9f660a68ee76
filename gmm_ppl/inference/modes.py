"""`modes`: the optima that draws climb to, which tells chains in other modes from chains in other labellings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gmm_ppl.data.wording import joined
from gmm_ppl.errors import FitError
from gmm_ppl.inference.arguments import check_count
from gmm_ppl.inference.base import DrawsFit, Restarts
from gmm_ppl.inference.em.engine import Climbs, Engine
from gmm_ppl.inference.em.restarts import firsts, summarise
from gmm_ppl.inference.prepared import Prepared, check_mode, prepare
from gmm_ppl.mixture.density import log_density
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.progress import Progress, watched
from gmm_ppl.records import map_arrays
from gmm_ppl.types import Float

CLIMBS = 200
"""Draws that are followed to their optimum."""

SAME_DENSITY = 0.01
"""Optima with one objective are one mode where their log densities differ by less than this, in nats a row on average: what a
hundredth of a posterior standard deviation makes of a hundred rows, and a thousand times what EM leaves undone."""

APART = 1.1
"""Chains divide differently between modes where R-hat of a mode's indicator is above this: 50 independent draws a chain
stay below it a thousand times to one."""

MOST_ROWS = 2000
"""Rows that densities are compared at."""


@dataclass(frozen=True, eq=False)
class Modes:
    """M modes, numbered from 0, the highest.

    `objective` (M,) is that of MAP, in nats; `parameters` have a leading axis (M, …). `share` (chain, M) is the share of each
    chain's draws that climb there, `weight` (M,) its mean over chains and `weight_error` the standard error of that, from the
    chains' disagreement (NaN for one chain). `r_hat` (M,) is that of the mode's indicator, and `apart` whether any is above
    1.1: chains then sit in different modes, and `weight` says nothing of the posterior's. `mode` (chain, S) is where each of S
    draws a chain, at positions `draw` (S,), ended, −1 where EM failed.
    """

    objective: np.ndarray
    weight: np.ndarray
    weight_error: np.ndarray
    share: np.ndarray
    r_hat: np.ndarray
    parameters: MixtureParameters
    mode: np.ndarray
    draw: np.ndarray
    apart: bool
    sentence: str


def modes(fit: DrawsFit, data: object, *, climbs: int = CLIMBS, progress: Progress | None = None) -> Modes:
    """The modes of the posterior that draws sit in, and which chain sits in which.

    Draws evenly spaced over all chains are followed by EM to the maximum (MAP) above them. Two belong to one mode where the
    maxima have the same objective, to 10⁻⁶ nats a row, and the same density at the rows, to 0.01 nats on average: permuting
    components changes neither. Optima that all chains visit in the same proportions are hills of one landscape that the
    sampler crosses, and do no harm; chains that sit in different ones cannot say how much either weighs.

    Args:
        fit: draws of any engine.
        data: the rows that were fitted.
        climbs: how many draws to follow in all, at least one a chain.
        progress: called as EM goes on; as in `fit`.

    Raises:
        InputError: a prior whose density is infinite where a weight is 0, which has no modes.
        FitError: EM collapses from every draw.
    """
    check_count("climbs", climbs)
    return modes_of(prepare(fit.mixture, data), fit.parameters, climbs=climbs, engine=fit.engine, progress=progress)


def modes_of(prepared: Prepared, draws: MixtureParameters, *, climbs: int, engine: str, progress: Progress | None) -> Modes:
    """`modes` of parameters (chain, draw, …)."""
    check_mode(prepared.mixture)
    chains, each = draws.weights.shape[:2]
    kept = np.linspace(0, each - 1, max(1, min(each, climbs // chains))).round().astype(int)
    starts = map_arrays(lambda leaf: np.asarray(leaf)[:, kept].reshape(-1, *leaf.shape[2:]), draws)
    with watched(progress) as watching:
        found, ends, number = followed(prepared, starts, watching)
    first = firsts(number)
    mode = number.reshape(chains, -1)
    share = (mode[:, :, None] == np.arange(len(first))).mean(axis=1)
    r_hat = indicator_r_hat(share)
    apart = bool((r_hat > APART).any())
    return Modes(
        objective=ends.objective[first],
        weight=share.mean(axis=0),
        weight_error=share.std(axis=0, ddof=1) / np.sqrt(chains) if chains > 1 else np.full(len(first), np.nan),
        share=share,
        r_hat=r_hat,
        parameters=found.take(first).parameters,
        mode=mode,
        draw=kept,
        apart=apart,
        sentence=sentence(share, apart=apart, engine=engine),
    )


def followed(prepared: Prepared, starts: MixtureParameters, progress: Progress) -> tuple[Climbs, Restarts, np.ndarray]:
    """Starts at the ends of their climbs by EM, what each came to, and the number of its mode, as `number_modes` has it.

    Raises:
        FitError: none came to an end that can be used.
    """
    count = len(starts.weights)
    climbs = Engine.of(prepared, lanes=count).climb(starts, progress=progress)
    ends = summarise(climbs, float(prepared.rows.total), ("given",) * count)
    number = number_modes(ends.optimum, densities(climbs.parameters, some_rows(prepared.x)))
    if number.max() < 0:
        raise FitError(f"EM: {ends.status[ends.best].value}")
    return climbs, ends, number


def some_rows(x: np.ndarray) -> np.ndarray:
    """At most `MOST_ROWS` of the rows, evenly spaced."""
    return x[np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).round().astype(int)]


def densities(optima: MixtureParameters, x: np.ndarray) -> Float[np.ndarray, "S N"]:
    """Log density of rows at every optimum, in nats."""
    each = [map_arrays(lambda leaf, at=at: leaf[at], optima) for at in range(len(optima.weights))]
    with np.errstate(all="ignore"):
        return np.stack([log_density(x, parameters) for parameters in each])


def number_modes(optimum: np.ndarray, log_densities: np.ndarray) -> np.ndarray:
    """Numbers from 0, the highest, of lanes with one objective (`optimum`, −1 for none) and one density; −1 for none."""
    number = np.full(optimum.size, -1)
    firsts: list[int] = []
    for lane in np.lexsort((np.arange(optimum.size), optimum)):
        if optimum[lane] < 0:
            continue
        alike = [
            mode
            for mode, first in enumerate(firsts)
            if optimum[first] == optimum[lane] and np.abs(log_densities[first] - log_densities[lane]).mean() < SAME_DENSITY
        ]
        number[lane] = alike[0] if alike else len(firsts)
        firsts += [] if alike else [int(lane)]
    return number


def indicator_r_hat(share: Float[np.ndarray, "chain M"]) -> Float[np.ndarray, " M"]:
    """√(1 + B / W) of each mode's indicator, B the variance of the chains' shares and W its mean within chains: 1 where no
    chain differs, infinite where each chain keeps to its own side.
    """
    within = (share * (1 - share)).mean(axis=0)
    between = share.var(axis=0, ddof=1) if len(share) > 1 else np.zeros(share.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(between > 0, np.sqrt(1 + between / within), 1.0)


def sentence(share: Float[np.ndarray, "chain M"], *, apart: bool, engine: str) -> str:
    """What people should know."""
    chains, count = share.shape
    if count == 1:
        return "All chains visit one mode, up to the order of its components."
    if chains == 1:
        return f"The chain visits {count} modes; a second chain would tell whether it crosses between them freely."
    if not apart:
        return f"All chains divide alike between {count} modes: they cross between them, so the draws say what each weighs."
    advice = "raise mcmc.draws and mcmc.moves." if engine == "tempered" else "run gp.temper (mcmc: {sampler: tempered})."
    return f"{placement(share)}: what these modes weigh cannot be read off the draws; {advice}"


def placement(share: Float[np.ndarray, "chain M"]) -> str:
    """Which chains sit in which mode."""
    main = share.argmax(axis=1)
    used = sorted(set(main.tolist()), key=lambda mode: np.flatnonzero(main == mode)[0])
    if len(used) == 1:
        return f"Chains divide differently between {share.shape[1]} modes"
    placed = [f"{named(np.flatnonzero(main == mode).tolist())} in mode {mode}" for mode in used]
    words = f"{placed[0][0].upper()}{placed[0][1:]}".replace(" in mode", f" {sits(main, used[0])} in mode", 1)
    return f"{words}, {joined(placed[1:])}"


def sits(main: np.ndarray, mode: int) -> str:
    """The verb for as many chains as sit in a mode."""
    return "sits" if (main == mode).sum() == 1 else "sit"


def named(chains: Sequence[int]) -> str:
    """`chain 1`, `chains 0 and 2`."""
    return ("chain " if len(chains) == 1 else "chains ") + joined([str(chain) for chain in chains])
