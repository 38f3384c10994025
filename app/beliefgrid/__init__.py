"""beliefgrid: Bayesian search over a grid of hyperparameters."""

__version__ = "0.1.0"
