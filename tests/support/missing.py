"""What this machine lacks for some tests: said at the end of the report, with what installs it."""

MISSING: dict[str, str] = {}
