"""Every environment variable of the service, read once: typed, checked, documented.

A field `lease_seconds` is the variable `BELIEFGRID_LEASE_SECONDS`; with `_FILE` behind it, the
variable names a file that holds the value, so that passwords stay out of the environment.
The table in
docs/reference/settings.md is compared with this file by a test.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")

PREFIX = "BELIEFGRID_"
ANY_HOST = "*"
LEAST_KEY = 32
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
_LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(ValueError):
    """An environment variable has a value that the service cannot work with."""


def documented(default: T, says: str, read: Callable[[str], T], *, secret: bool = False) -> T:
    """Declare a setting: its default, what it means, and how to read it from text."""
    return field(default=default, repr=not secret, metadata={"says": says, "read": read})


# ---------------------------------------------------------------- reading text
def text(value: str) -> str:
    """Return the text as it is, or refuse an empty one."""
    if not value:
        raise ValueError("some text")
    return value


def long_text(value: str) -> str:
    """Return a text that nobody guesses, or none."""
    if 0 < len(value) < LEAST_KEY:
        raise ValueError(f"at least {LEAST_KEY} characters, as `openssl rand -hex 32` prints")
    return value


def one_of(*words: str) -> Callable[[str], Any]:
    """Return a reader that takes one of some words, in any case."""

    def read(value: str) -> str:
        if value.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value.lower()

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def read(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return read


def seconds(value: str) -> float:
    """Return a positive number of seconds."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:  # written this way round so that NaN fails too
        raise ValueError("a number of seconds above 0")
    return number


def names(value: str) -> tuple[str, ...]:
    """Return the words of a list that is separated by commas."""
    return tuple(word for part in value.split(",") if (word := part.strip().lower()))


def path_prefix(value: str) -> str:
    """Return a path without a slash at its end; a lone slash is no prefix."""
    if value and not value.startswith("/"):
        raise ValueError("a path that starts with /")
    return value.rstrip("/")


# ---------------------------------------------------------------- the settings
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one service runs."""

    database_url: str = documented(
        "sqlite:///beliefgrid.db",
        "The database: `sqlite:///FILE` (four slashes for an absolute path) or "
        "`postgresql://USER:PASSWORD@HOST/NAME`.",
        text,
        secret=True,  # it may hold a password, and this object may end up in a log
    )
    host: str = documented(
        "127.0.0.1",
        "The address to listen on. Any but a loopback address makes a token mandatory.",
        text,
    )
    port: int = documented(8000, "The port to listen on; 0 takes a free one.", whole(0, 65535))
    auth: Literal["auto", "on"] = documented(
        "auto",
        "`on` asks for a token on a loopback address too; `auto` only elsewhere.",
        one_of("auto", "on"),
    )
    allowed_hosts: tuple[str, ...] = documented(
        (),
        "Names under which browsers and programs may reach the service, separated by commas, "
        "without ports; `*` is any. Empty: the loopback names and the host itself, or any name "
        "if the host is a wildcard such as 0.0.0.0, where a token is mandatory anyway.",
        names,
    )
    root_path: str = documented(
        "", "The path that a reverse proxy puts before ours, such as `/beliefgrid`.", path_prefix
    )
    lease_seconds: int = documented(
        3600,
        "How long a worker owns a trial without a heartbeat, if it does not say otherwise.",
        whole(1, 30 * 86400),
    )
    hard_deadline_seconds: int = documented(
        86400,
        "How long after its lease ran out a trial still takes its late observation.",
        whole(0, 365 * 86400),
    )
    restart_grace_seconds: int = documented(
        120, "How long after a start no lease runs out.", whole(0, 86400)
    )
    sweep_seconds: float = documented(5.0, "How often leases that ran out are looked for.", seconds)
    least_free_bytes: int = documented(
        64 * 1024 * 1024,
        "`/readyz` answers 503 while less is free beside a SQLite file.",
        whole(0, 1024**5),
    )
    max_body_bytes: int = documented(
        1024 * 1024, "The largest body of a request, in bytes.", whole(1024, 1024**3)
    )
    body_seconds: float = documented(
        30.0,
        "How long a body may take to arrive; long ones get a second more for each 64 KiB.",
        seconds,
    )
    rate_limit: int = documented(
        5000,
        "How many requests a second each token (and each browser's session) may make; the rest is "
        "refused with 429.",
        whole(1, 1_000_000),
    )
    wrong_tokens: int = documented(
        20,
        "How many tokens a second that open nothing are looked up for each address; more are "
        "refused with 429, and tokens that were good before are not.",
        whole(1, 1_000_000),
    )
    streams_per_token: int = documented(
        100, "How many event streams each token may hold open in one server.", whole(1, 1000)
    )
    webhooks: Literal["public", "any", "off"] = documented(
        "public",
        "Where webhooks may lead: to `https` addresses that are `public`, to `any` address (also "
        "private ones, and plain `http`), or nowhere (`off`).",
        one_of("public", "any", "off"),
    )
    secret_key: str = documented(
        "",
        "The key that the secrets of webhooks follow from, at least 32 characters, the same for "
        "all servers of one database. Empty: a file beside the SQLite file (`beliefgrid.db.key`), "
        "made when the first webhook is; on Postgres there are no new webhooks without it.",
        long_text,
        secret=True,
    )
    workers_processes: int = documented(
        1, "How many processes of its own the engine computes in.", whole(1, 64)
    )
    compute_seconds: float = documented(
        600.0,
        "How long one computation of the engine may take; then its process is ended, and the "
        "study goes on with the posterior it has.",
        seconds,
    )
    updates: Literal["auto", "on", "off"] = documented(
        "auto",
        "Whether this server also computes posteriors. `auto` and `on`: yes; `off` leaves that to "
        "`beliefgrid worker` processes, which need Postgres.",
        one_of("auto", "on", "off"),
    )
    telemetry: Literal["auto", "on", "off"] = documented(
        "auto",
        "Spans for OpenTelemetry, which needs `beliefgrid[otel]`: `auto` if "
        "OTEL_EXPORTER_OTLP_ENDPOINT is set, which says where to, as the other OTEL_ variables do.",
        one_of("auto", "on", "off"),
    )
    log_level: str = documented("info", "How much to log.", one_of(*_LOG_LEVELS))

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings from environment variables; an absent one keeps its default.

        Raises:
            SettingsError: a variable's value cannot be used; the message names it.
        """
        given: dict[str, Any] = {}
        for setting in fields(cls):
            name = variable(setting.name)
            value = _given(env, name)
            if value is None:
                continue
            try:
                given[setting.name] = setting.metadata["read"](value)
            except ValueError as expected:
                came = "a value not shown here" if not setting.repr else repr(value)
                raise SettingsError(f"{name}: expected {expected}, got {came}") from None
        return cls(**given)

    @property
    def token_required(self) -> bool:
        """Whether a request needs a token: everywhere but on a loopback address."""
        return self.auth == "on" or not is_loopback(self.host)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names in a request's Host header that are answered; `*` is any."""
        if self.allowed_hosts:
            return self.allowed_hosts
        if is_wildcard(self.host):
            return (ANY_HOST,)
        return tuple(dict.fromkeys((*_LOOPBACK_NAMES, self.host.lower())))


def _given(env: Mapping[str, str], name: str) -> str | None:
    """Return a variable's value, or what the file holds that `NAME_FILE` names."""
    if name in env:
        return env[name]
    path = env.get(f"{name}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{name}_FILE: expected a file of text, got {path!r}: {error}"
        ) from None


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_wildcard(host: str) -> bool:
    """Return whether an address means every address of this machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
