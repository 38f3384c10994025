"""How the numbers of the dashboard are computed: what "How is this computed?" opens."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A number or a word: its anchor, its name, what it is and how it is computed."""

    anchor: str
    title: str
    text: str
    formula: str = ""


TOPICS = (
    Topic(
        "p_best",
        "P(best)",
        "The probability that a cell is the best one of the whole grid, given all results. It "
        "sums to 100 % over the grid. The model draws many whole surfaces that agree with the "
        "results; a cell's share is how often it is, softly, the best of a surface, times its "
        "prior, normalised.",
        "p_best(c) ∝ prior(c) · L(c),  L(c) = P(results | c is the best)",
    ),
    Topic(
        "among-tested",
        "Among the tested, and over the grid",
        "The paper's worked example divides the belief among the two tested cells only: with "
        "losses 0.15 and 0.20 and equal priors, 0.5714 and 0.4286. That answers: which of the "
        "tested ones is the best? Over the grid the same two cells share the belief with every "
        "untested one, and their numbers are smaller. That answers: is it the best of all? To "
        "stop a search, look at the second.",
        "P(c | tested) = p_best(c) / Σ p_best over tested cells",
    ),
    Topic(
        "mean",
        "Predicted mean",
        "What the model expects a cell to give, in the metric's own units. Tested cells are "
        "predicted too: with noise, a prediction is better than a single result.",
    ),
    Topic(
        "sd",
        "sd of the prediction",
        "The standard deviation of the prediction, in the metric's own units: large where "
        "nothing near was tested.",
    ),
    Topic(
        "acquisition",
        "Acquisition score",
        "The rule that ranks untested cells for the next test. By default it is the logarithm "
        "of the expected improvement over the best cell so far, so only differences matter: a "
        "cell that is 1 higher promises e = 2.7 times as much.",
        "log EI(c) = log E[max(0, best - f(c))]",
    ),
    Topic("prior", "Prior P(best)", "The belief before any result: uniform unless you gave one."),
    Topic(
        "ratio",
        "Posterior over prior",
        "How many times likelier than before a cell is now, in bits: 0 is as before, +1 twice, "
        "-1 half. Of several cells, as in a sum over other parameters, their shares are added "
        "before they are compared. A cell that is excluded has no ratio. Colours end at 6 bits.",
        "bits(c) = log2(p_best(c) / prior(c))",
    ),
    Topic(
        "p_feasible",
        "P(feasible)",
        "The chance that a cell works at all, from the cells that were reported infeasible.",
    ),
    Topic("counts", "Results", "How many results a cell has; repeats of a cell are averaged."),
    Topic(
        "best_value",
        "Best value",
        "The best single result that a worker reported. With noise it is partly luck; the "
        "leader's predicted mean is the more honest number.",
    ),
    Topic(
        "leader",
        "Leader",
        "The cell of the highest P(best). It may be one that was never tested.",
    ),
    Topic(
        "best-so-far",
        "Best so far",
        "The tested cell of the best predicted mean: what you would take if it ended now. The "
        "star on the map. It need not be the leader: a cell of which more is known may be "
        "predicted better, and one of which less is known may have the higher chance.",
    ),
    Topic(
        "expected_regret",
        "Expected regret",
        "How much worse than the true best cell the leader is expected to be, in the metric's "
        "own units: the price of stopping now.",
        "E[f(leader) - min over the grid of f], by exact samples of f",
    ),
    Topic(
        "cells_in_95",
        "Cells that hold 95 % of the belief",
        "Sort the cells by P(best); this many, from the top, together hold 95 %. One cell means "
        "that the search is over.",
    ),
    Topic(
        "expected_gain",
        "Expected gain of ten more trials",
        "How much better the best cell is expected to get if ten more trials are spent, in the "
        "metric's own units. It is simulated on the posterior.",
    ),
    Topic(
        "entropy",
        "Entropy and information",
        "How spread the belief is, in bits: 0 when one cell is certain, log2 of the number of "
        "cells when all are alike. Information is how many bits of it the results took away "
        "since the prior.",
        "H = -Σ p_best · log2 p_best;  effective cells = 2^H",
    ),
    Topic(
        "importance",
        "Which parameters matter",
        "Many whole surfaces are drawn from the belief, and the variance of each over the grid is "
        "divided exactly: what a parameter does by itself, what two do only together, and all "
        "that a parameter takes part in. Shown is the median of the draws, with the range of "
        "80 % of them. A share says that changing the parameter changes the metric, not which "
        "level is good.",
        "alone(a) = Var[E(f | a)] / Var f;  with others = 1 - Var[E(f | all but a)] / Var f",
    ),
    Topic(
        "calibration",
        "Did the predictions hold?",
        "With each suggestion it is stored what the result may be: intervals that should hold "
        "50, 80 and 95 % of such results, wider than those of a normal while results are few. "
        "Shown is how many of the results that came since do lie in them. "
        "Fewer is a model that is too sure, more one that is too careful; what chance alone may "
        "do, is not held against it.",
        "value ~ mean + scale · t(degrees)",
    ),
    Topic(
        "prior",
        "What a prior is worth",
        "How much surer the prior is than an even one, in bits, and how many results would have "
        "taught as much: these bits divided by what a result has taught so far, on average.",
        "worth = bits of the prior / (bits learnt / number of results)",
    ),
    Topic(
        "prior-conflict",
        "Does the prior agree with the results?",
        "The chance of results at least as surprising as these, if the prior were right. Below "
        "5 % is a conflict: the prior is then raised to a power below 1, so that it counts less.",
    ),
    Topic(
        "stopping",
        "Advice to stop",
        "The study advises to stop when the regret of the leader is below a limit with high "
        "probability, two snapshots running. It stops by itself only if the study says so.",
        "P(regret ≤ ε) ≥ 1 - δ",
    ),
    Topic("coverage", "Grid tested", "Cells with a result or found infeasible, of all cells."),
    Topic(
        "eta",
        "Time left",
        "The trials that are left of the budget, times the mean time between results so far. "
        "More workers make it shorter.",
    ),
    Topic(
        "why",
        "Why this cell",
        "For every suggestion the service stores what it knew at that moment: the rule, the "
        "cell's rank among all cells, its predicted mean and sd, how much of its promise is its "
        "predicted value and how much is doubt, the cells that would have been next, and the "
        "tested cells that it resembles most.",
    ),
    Topic(
        "snapshot",
        "Snapshot",
        "The belief that is stored after every change of what is known. A snapshot never "
        "changes; the time slider moves through them.",
    ),
    Topic(
        "lease",
        "Lease",
        "A worker owns its trial until its lease ends; a heartbeat prolongs it. When it runs "
        "out, the cell goes to another worker, and a late result is still counted.",
    ),
)
