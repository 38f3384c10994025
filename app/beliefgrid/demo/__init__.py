"""`beliefgrid demo`: the seed's own example, really run, over HTTP like any user's program.

Notation: the service is a child process; workers are child processes too; this package talks to
the service through `beliefgrid_client` alone.
"""
