"""Where EM begins, and what is tried from where it ended: many short runs, the best distinct ones, then splits and merges."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gmm_ppl.inference.em.engine import Climbs, Engine, joined
from gmm_ppl.inference.em.loop import RUNNING
from gmm_ppl.mixture.density import responsibilities
from gmm_ppl.mixture.parameters import MixtureParameters
from gmm_ppl.mixture.passes import numbers_of
from gmm_ppl.mixture.rows import Rows
from gmm_ppl.progress import Progress, silent
from gmm_ppl.records import map_arrays
from gmm_ppl.starts import Beginnings, check_start
from gmm_ppl.types import Float

SEVERAL = "several"

SHORT_RUNS = {"nearest": 6, "random": 6, "unions": 5, "responsibilities": 2, "kmeans": 1}
"""Short runs of each kind out of twenty, in the shares that found most optima of 160 simulated problems."""

TURNS = ("kmeans", "random", "hierarchical", "nearest", "unions", "responsibilities")
"""Kinds in turn where few starts are asked for."""

FROM = 20
"""Starts from which short runs are made."""

SHORT_STEPS = 10

ATTEMPTS, OTHER_SEEDS = 5, 1_000_003
"""How many times as many starts are made where none can be used, and how far apart their seeds are."""

PROPOSALS, OPTIMA, RISE = 60, 3, 1e-3
"""Splits and merges a round, from so many of the best optima, and what counts as a rise, in nats."""

SPLIT = ", split and merged"
"""Said of the kind of a start whose end was improved by it."""

PATIENCE = 2
"""Rounds without a rise after which an optimum is left."""

FOLLOWED = 6
"""Of a round's proposals those that are followed to their ends."""

WORK = 2e8
"""Rows × (features φ + components) × runs × steps that a search may cost beyond its starts."""


def search(engine: Engine, *, start: object, starts: int, seed: int, progress: Progress) -> tuple[Climbs, tuple[str, ...]]:
    """What the starts came to, and where each began.

    Raises:
        InputError: an unknown name, or a given start that does not fit the mixture and the data.
    """
    if not isinstance(start, str):
        return engine.climb(beginnings(engine, seed).given(start), progress=progress), ("given",)
    check_start(start)
    inner = engine.inner
    climbs, kinds = named(inner, start, starts, seed, progress)
    return climbs.moved(engine.offset - inner.offset), kinds


def beginnings(engine: Engine, seed: int) -> Beginnings:
    """Where an engine's rows can be begun with."""
    return Beginnings(engine.prepared.rows, engine.prepared.shape, engine.prepared.scale, int(seed))


def named(engine: Engine, start: str, starts: int, seed: int, progress: Progress) -> tuple[Climbs, tuple[str, ...]]:
    """`search` from starts of a name."""
    begun = beginnings(engine, seed)
    if engine.prepared.shape.components == 1:
        return engine.climb(begun.draw("random", 1), progress=progress), ("random",)
    climbs, kinds = until_usable(engine, begun, start, starts, progress)
    if start != SEVERAL or starts < FROM or climbs.interrupted or not climbs.usable.any():
        return climbs, kinds
    return improved(engine, begun, climbs, kinds, progress)


def until_usable(
    engine: Engine, begun: Beginnings, start: str, starts: int, progress: Progress
) -> tuple[Climbs, tuple[str, ...]]:
    """Starts to their ends; where none of them can be used, as many others, and so on up to `ATTEMPTS` times."""
    climbs, kinds = first_climbs(engine, begun, start, starts, progress)
    for attempt in range(1, ATTEMPTS):
        if climbs.usable.any() or climbs.interrupted:
            break
        others = Beginnings(begun.all_rows, begun.shape, begun.scale, begun.seed + attempt * OTHER_SEEDS)
        more, more_kinds = first_climbs(engine, others, start, starts, progress)
        climbs, kinds = joined(climbs, more), (*kinds, *more_kinds)
    return climbs, kinds


def first_climbs(
    engine: Engine, begun: Beginnings, start: str, starts: int, progress: Progress
) -> tuple[Climbs, tuple[str, ...]]:
    """What so many starts came to, and where each began."""
    if start != SEVERAL:
        return engine.climb(begun.draw(start, starts), progress=progress), (start,) * starts
    most = int(WORK / (work_of(engine) * SHORT_STEPS))
    if starts < FROM or most < 2 * starts:
        kinds = tuple(TURNS[place % len(TURNS)] for place in range(starts))
        return engine.climb(stacked(begun, kinds), progress=progress), kinds
    short, kinds = short_runs(engine, begun, starts, min(10 * starts, most), progress)
    return short if short.interrupted else engine.climb(short.parameters, progress=progress), kinds


def short_runs(engine: Engine, begun: Beginnings, starts: int, many: int, progress: Progress) -> tuple[Climbs, tuple[str, ...]]:
    """The best distinct ones of so many short runs, and the kind of each."""
    kinds = shared_out(many)
    ends = engine.run(stacked(begun, kinds), None, SHORT_STEPS, progress, "Short runs")
    chosen = distinct(ends, starts)
    return ends.take(chosen), tuple(kinds[place] for place in chosen)


def work_of(engine: Engine) -> int:
    """Numbers gone through in a pass of one start."""
    return numbers_of(engine.held, engine.prepared.shape)


def shared_out(many: int) -> tuple[str, ...]:
    """Kinds of so many short runs."""
    total = sum(SHORT_RUNS.values())
    kinds = [kind for kind, share in SHORT_RUNS.items() for _ in range(round(many * share / total))]
    return tuple((kinds + ["random"] * many)[:many])


def stacked(begun: Beginnings, kinds: Sequence[str]) -> MixtureParameters:
    """Starting parameters of these kinds, in their order."""
    drawn = {kind: begun.draw(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)}
    places = [kinds[:place].count(kind) for place, kind in enumerate(kinds)]
    each = [map_arrays(lambda leaf, at=at: leaf[at], drawn[kind]) for kind, at in zip(kinds, places, strict=True)]
    return map_arrays(lambda *leaves: np.stack(leaves), *each)


def distinct(ends: Climbs, most: int) -> list[int]:
    """The best starts no two of which have one objective, filled up with others where there are fewer."""
    chosen: list[int] = []
    ranked = [int(place) for place in ends.ranked]
    objective = ends.objective
    for place in ranked:
        if all(abs(objective[place] - objective[other]) > RISE for other in chosen):
            chosen.append(place)
        if len(chosen) == most:
            return chosen
    return chosen + [place for place in ranked if place not in chosen][: most - len(chosen)]


def improved(
    engine: Engine, begun: Beginnings, climbs: Climbs, kinds: tuple[str, ...], progress: Progress
) -> tuple[Climbs, tuple[str, ...]]:
    """The climbs, the best optima replaced by what splits and merges of their components led to, until no more is gained."""
    rounds = int(WORK / (work_of(engine) * (PROPOSALS * SHORT_STEPS)))
    rng = np.random.default_rng([begun.seed, 1])
    left = {place: PATIENCE for place in distinct(climbs, OPTIMA) if climbs.usable[place]}
    while rising := [place for place, tries in left.items() if tries][:rounds]:
        rounds -= len(rising)
        try:
            groups = ends_of_proposals(engine, begun, climbs.take(rising).parameters, rng)
        except KeyboardInterrupt:
            return cut_short(climbs), kinds
        found = [each.take(each.ranked[:1]) for each in groups]
        better = {place: each for place, each in zip(rising, found, strict=True) if is_higher(each, climbs, place)}
        places = [len(kinds) + list(better).index(at) if at in better else at for at in range(len(kinds))]
        climbs = joined(climbs, *better.values()).take(places)
        kinds = tuple(f"{kind.removesuffix(SPLIT)}{SPLIT}" if at in better else kind for at, kind in enumerate(kinds))
        progress("Split and merge", 0, 0, f"best objective {climbs.objective[climbs.ranked[0]]:.4f}")
        left = {place: PATIENCE if place in better else left[place] - 1 for place in rising}
    return climbs, kinds


def is_higher(proposal: Climbs, climbs: Climbs, place: int) -> bool:
    """Whether the only climb of a proposal can be used and ends higher than that at `place`, and not at a spike."""
    risen = proposal.objective[0] > climbs.objective[place] + RISE
    return bool(proposal.usable[0] and risen and proposal.spurious[0] <= climbs.spurious[place])


def cut_short(climbs: Climbs) -> Climbs:
    """The climbs after Ctrl-C, which the best of them tells of."""
    status = climbs.status.copy()
    status[climbs.ranked[0]] = RUNNING
    return replace(climbs, status=status)


def ends_of_proposals(engine: Engine, begun: Beginnings, mixtures: MixtureParameters, rng: np.random.Generator) -> list[Climbs]:
    """Of each mixture the ends of EM from the best splits and merges of its components, all followed as one batch."""
    rows, many = begun.rows, len(mixtures.weights)
    each = [map_arrays(lambda leaf, at=at: leaf[at], mixtures) for at in range(many)]
    with np.errstate(all="ignore"):
        shares = [responsibilities(rows.x, parameters) for parameters in each]
    proposed = np.stack([split_and_merged(each, rows, rng) for each in shares for _ in range(PROPOSALS)])
    short = engine.run(begun.of_memberships(proposed), None, SHORT_STEPS, silent, "EM")
    of_each = [PROPOSALS * at + np.array(distinct(short.take(slice_of(at, PROPOSALS)), FOLLOWED)) for at in range(many)]
    ends = short if short.interrupted else engine.climb(short.take(np.concatenate(of_each)).parameters, progress=silent)
    if ends.interrupted:
        raise KeyboardInterrupt
    return [ends.take(slice_of(at, FOLLOWED)) for at in range(many)]


def slice_of(group: int, size: int) -> slice:
    """The places of one of several groups of this size."""
    return slice(group * size, (group + 1) * size)


def split_and_merged(shares: Float[np.ndarray, "N K"], rows: Rows, rng: np.random.Generator) -> Float[np.ndarray, "N K"]:
    """Memberships after a random component has joined another, and one of those that are left has given a piece of itself to the
    place that is free. Of two components, half of the time, a piece of one moves to the other instead.
    """
    components, moved = shares.shape[1], shares.copy()
    joins, into, *others = rng.permutation(components)
    split = rng.choice([into, *others])
    if components > 2 or rng.random() < 0.5:
        moved[:, into] += moved[:, joins]
        moved[:, joins] = 0
    piece = np.where(piece_of(rows, moved[:, split], rng), moved[:, split], 0)
    moved[:, joins] += piece
    moved[:, split] -= piece
    return moved


def piece_of(rows: Rows, share: Float[np.ndarray, " N"], rng: np.random.Generator) -> np.ndarray:
    """Which rows are nearer to the first of two that are drawn by their share; or, half of the time, the nearest few to one, as
    many as may be a group that is hidden in a larger one. Distances are in units of the component's deviations.
    """
    weight = share * rows.weights
    total = weight.sum()
    if not total > 0 or np.count_nonzero(weight) < 2:
        return rng.random(share.size) < 0.5
    one, other = rng.choice(share.size, size=2, replace=False, p=weight / total)
    middle = rows.columns @ weight / total
    deviations = np.sqrt((rows.columns - middle[:, None]) ** 2 @ weight / total)
    scaled = rows.columns / np.where(deviations > 0, deviations, 1)[:, None]
    near, far = (((scaled - scaled[:, each, None]) ** 2).sum(axis=0) for each in (one, other))
    if rng.random() < 0.5:
        return near < far
    few = np.exp(rng.uniform(np.log(2), np.log(max(total / 2, 2))))
    order = np.argsort(near, kind="stable")
    return near <= near[order[np.searchsorted(np.cumsum(weight[order]), few).clip(max=share.size - 1)]]
