"""Runs the command line: `python -m beliefgrid.cli`."""

from beliefgrid.cli import main

if __name__ == "__main__":
    main()
