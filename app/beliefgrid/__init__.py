"""beliefgrid: Bayesian search over a grid of hyperparameters."""
