"""The worker's side of beliefgrid."""
