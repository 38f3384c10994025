"""One process that computes for all tests: starting one takes longer than most tests."""

from beliefgrid.actions.compute import Compute


class SharedCompute(Compute):
    """Outlives the services that use it."""

    def close(self) -> None:
        """Stay, for the next test."""

    def end(self) -> None:
        """End the process, after the last test."""
        super().close()
