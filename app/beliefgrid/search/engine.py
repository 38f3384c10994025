"""The two things that are asked of the engine: an update, and the layers behind it.

Both are pure functions of (problem, results as a multiset, pending cells, event, theta): the
same input gives the same bits. A posterior that was fitted is computed again from its theta.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from beliefgrid.search import version
from beliefgrid.search.anova import Importance
from beliefgrid.search.arrays import Ints, Reals
from beliefgrid.search.blank import BlankModel
from beliefgrid.search.errors import LayerTooLargeError, LayerUnknownError
from beliefgrid.search.explain import Explainer, number
from beliefgrid.search.fit import fitted
from beliefgrid.search.gaussian import GaussianModel
from beliefgrid.search.kernel import Space
from beliefgrid.search.lazy import LazyBlankModel, LazyModel
from beliefgrid.search.lazy_matrix import lazy_matrix
from beliefgrid.search.matrix import Matrix, reduce_matrix
from beliefgrid.search.model import Model, WholeModel
from beliefgrid.search.observations import Observations, Results, check_cells, merge
from beliefgrid.search.picture import Picture
from beliefgrid.search.posterior import Belief, Candidate, Posterior
from beliefgrid.search.problem import Problem
from beliefgrid.search.reference import ReferenceModel
from beliefgrid.search.stopping import Advice, advice
from beliefgrid.search.suggest import suggestions
from beliefgrid.search.theta import Theta

TOP = 100
GAIN_OF = 10


def update(
    problem: Problem,
    observations: Observations,
    *,
    pending: Iterable[int] = (),
    event: int = 0,
    previous: Theta | None = None,
    theta: Theta | None = None,
    n_queue: int = 64,
) -> Posterior:
    """Return the posterior given all results, and the ranked list of cells to test next.

    Args:
        problem: what is searched.
        observations: everything reported so far, in any order.
        pending: cells that are under way, tested ones too; they are not suggested again.
        event: the event that the posterior belongs to; it selects the random numbers.
        previous: theta of the posterior before; a fit starts from it.
        theta: use exactly this one and fit nothing.
        n_queue: how long the ranked list is at most.
    """
    results = merge(problem, observations)
    live = _live(problem, pending)
    model = _model(problem, results, event, theta, previous, np.setdiff1d(live, results.known))
    leader = None if model.leader is None else _beliefs(model, results, [model.leader])[0]
    parts = suggestions(problem, results, model, live, n_queue)
    queue = Explainer(problem, results, model, leader).candidates(parts)
    stop = advice(problem, results, model)
    mass = model.mass
    bits = mass.entropy_bits
    return Posterior(
        theta=model.theta,
        engine_version=version.ENGINE_VERSION,
        p_best=mass.field,
        tested_p_best=float(mass.of(results.cells).sum()),
        top=_beliefs(model, results, mass.most_probable(TOP).tolist()),
        queue=queue,
        leader=leader,
        among_tested=_among_tested(model, results),
        n_observations=results.n_observations,
        conditioned_on=model.conditioned_on,
        infeasible=len(results.infeasible),
        entropy_bits=bits,
        effective_cells=2.0**bits,
        cells_in_95=mass.cells_in_95,
        expected_regret=stop.regret.expected if stop.regret else None,
        probability_within=stop.regret.within if stop.regret else None,
        regret_epsilon=stop.epsilon,
        expected_gain_10=_gain(model, queue),
        prior_bits=problem.prior_bits,
        trials_to_finish=_forecast(problem, model, stop),
        leader_interval=None if model.leader is None else model.interval(model.leader),
        conflict=model.conflict,
        repeat=model.repeat(_newest(results, queue)),
        should_stop=stop.should_stop,
        reasons=stop.reasons,
        axis_marginals=tuple(
            tuple(mass.along([axis]).tolist()) for axis in range(len(problem.grid.shape))
        ),
    )


LAYERS = ("p_best", "mean", "sd", "acquisition", "prior", "p_feasible", "counts")


def layers(
    problem: Problem,
    observations: Observations,
    theta: Theta | None = None,
    *,
    event: int = 0,
    pending: Iterable[int] = (),
    names: Iterable[str] = LAYERS,
) -> dict[str, Reals]:
    """Return layers over all cells, (G,) each: what `update` saw with the same theta.

    Mean and sd are NaN before any value is known, acquisition where a cell cannot be suggested.

    Raises:
        LayerUnknownError: a name is not one of `LAYERS`.
    """
    _require_written_out(problem)
    results = merge(problem, observations)
    under_way = _pending(problem, results, pending)
    model = _whole_model(problem, results, event, theta, None)
    return {name: _layer(name, problem, results, model, under_way) for name in names}


def _layer(
    name: str, problem: Problem, results: Results, model: WholeModel, pending: Ints
) -> Reals:
    if name in ("mean", "sd"):
        return model.all_moments()[name == "sd"]
    if name == "acquisition":
        return model.scores(pending)
    if name == "counts":
        counts = np.zeros(problem.grid.n_cells)
        counts[results.cells] = results.counts
        return counts
    if name == "p_feasible":
        return model.p_feasible()
    if name in ("p_best", "prior"):
        return model.mass.field if name == "p_best" else problem.prior.weights
    raise LayerUnknownError(f"expected one of {', '.join(LAYERS)}, got {name[:60]!r}")


def _model(
    problem: Problem,
    results: Results,
    event: int,
    theta: Theta | None,
    previous: Theta | None,
    pending: Ints,
) -> Model:
    if not problem.is_lazy:
        return _whole_model(problem, results, event, theta, previous)
    if not len(results.cells):
        return LazyBlankModel(problem, results)
    space = Space.of(problem.grid)
    found = theta or fitted(space, results, problem.noise, previous, problem.seed)
    return LazyModel(problem, results, found, event, pending)


def _whole_model(
    problem: Problem, results: Results, event: int, theta: Theta | None, previous: Theta | None
) -> WholeModel:
    if not len(results.cells):
        return BlankModel(problem, results)
    if problem.strategy.likelihood != "gp":
        return ReferenceModel(problem, results, event)
    space = Space.of(problem.grid)
    found = theta or fitted(space, results, problem.noise, previous, problem.seed)
    return GaussianModel(problem, results, found, event)


def _pending(problem: Problem, results: Results, pending: Iterable[int]) -> Ints:
    return np.setdiff1d(_live(problem, pending), results.known)


def _live(problem: Problem, pending: Iterable[int]) -> Ints:
    cells = np.array(sorted(set(pending)), dtype=np.int64)
    check_cells(problem.grid, cells)
    return cells


def _newest(results: Results, queue: tuple[Candidate, ...]) -> int | None:
    """Return the first cell of the queue that has no result yet."""
    known = set(results.known.tolist())
    return next((candidate.cell for candidate in queue if candidate.cell not in known), None)


def _beliefs(model: Model, results: Results, cells: list[int]) -> tuple[Belief, ...]:
    mean, sd = model.moments(np.array(cells, dtype=np.int64))
    p_best = model.mass.of(np.array(cells, dtype=np.int64))
    counts = dict(zip(results.cells.tolist(), results.counts.tolist(), strict=True))
    return tuple(
        Belief(
            cell=cell,
            mean=number(mean[row]),
            sd=number(sd[row]),
            p_best=float(p_best[row]),
            observations=counts.get(cell, 0),
        )
        for row, cell in enumerate(cells)
    )


def _among_tested(model: Model, results: Results) -> tuple[Belief, ...]:
    """Return the posterior among the tested cells, the most probable first (6.3)."""
    p = model.mass.of(results.cells)
    total = float(p.sum()) or 1.0  # rules may exclude all that was tested
    order = np.argsort(-p, kind="stable")[:TOP]
    return tuple(
        Belief(found.cell, found.mean, found.sd, found.p_best / total, found.observations)
        for found in _beliefs(model, results, results.cells[order].tolist())
    )


def _forecast(problem: Problem, model: Model, stop: Advice) -> int | None:
    if stop.epsilon is None:
        return None
    more = model.trials_to_finish(stop.epsilon, problem.stopping.probability)
    return None if more is None else max(more, stop.missing)


def importance(
    problem: Problem, observations: Observations, theta: Theta | None = None, *, event: int = 0
) -> Importance | None:
    """Return how much each parameter matters; None if the likelihood cannot tell."""
    _require_written_out(problem)
    results = merge(problem, observations)
    return _whole_model(problem, results, event, theta, None).importance()


def layer_matrix(  # noqa: PLR0913 - what is known, and the picture of it
    problem: Problem,
    observations: Observations,
    theta: Theta | None = None,
    *,
    event: int = 0,
    pending: Iterable[int] = (),
    layer: str = "p_best",
    x: str,
    y: str | None = None,
    reduce: str = "sum",
    at: Mapping[str, Any] | None = None,
) -> Matrix:
    """Return a layer along x and y, as `reduce_matrix` does, of a grid of any size.

    Of a grid that is too large to be written out there are slices of every layer, and sums and
    means of those that are zero or the same almost everywhere: p_best, prior and counts.

    Raises:
        LayerTooLargeError: it would take every cell of such a grid.
    """
    if problem.is_lazy:
        picture = Picture.of(problem.grid, x=x, y=y, reduce=reduce, at=at or {})
        results = merge(problem, observations)
        under_way = _pending(problem, results, pending)
        model = _model(problem, results, event, theta, None, under_way)
        return lazy_matrix(problem, results, model, under_way, layer, picture)
    found = layers(problem, observations, theta, event=event, pending=pending, names=[layer])
    return reduce_matrix(problem.grid, found[layer], x=x, y=y, reduce=reduce, at=at)


def _require_written_out(problem: Problem) -> None:
    if problem.is_lazy:
        raise LayerTooLargeError(
            f"expected a grid of at most a million cells for a whole layer, got "
            f"{problem.grid.n_cells:,}; ask for a slice, or for a marginal of p_best"
        )


def _gain(model: Model, queue: tuple[Candidate, ...]) -> float | None:
    cells = [candidate.cell for candidate in queue[:GAIN_OF]]
    return model.gain(np.array(cells, dtype=np.int64))
