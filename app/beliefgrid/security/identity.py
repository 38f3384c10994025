"""Who makes a request: a bearer token, a browser's session, or this machine's own user."""

import hashlib
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass

from beliefgrid.actions.errors import StorageTroubleError, TokenInvalidError
from beliefgrid.actions.service import Service
from beliefgrid.actions.tokens import LOCAL, Principal, authenticate, note_use
from beliefgrid.api.problems import RefusedError
from beliefgrid.security.headers import Knock
from beliefgrid.security.rates import Limits

COOKIE = "beliefgrid_session"
KEPT_S = 1.0  # a revoked token opens nothing after this
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what that one's forms must carry."""

    principal: Principal | None
    csrf_token: str
    is_session: bool = False
    caller: str = ""  # what limits are counted by: a token's digest, or nothing for this machine


class Doorman:
    """Finds out who asks. What the database says of a token is believed for a second."""

    def __init__(self, *, token_required: bool, most_wrong: int) -> None:
        self._token_required, self._most_wrong = token_required, most_wrong
        self._known: dict[bytes, tuple[Principal, float]] = {}
        self._wrong = Limits(most_wrong)
        # Without a login the forms of this process carry a secret of this process.
        self._own_csrf = secrets.token_urlsafe(24)

    async def identify(self, service: Service, request: Knock) -> Identity:
        """Return who asks; nobody if a token is needed and there is none.

        Raises:
            TokenInvalidError: the header Authorization carries a token that opens nothing.
            RefusedError: too many such tokens came from there.
        """
        if secret := request.bearer:
            principal = await self._principal(service, secret, request.address)
            return Identity(principal, self._own_csrf, caller=_digest(secret).hex())
        if request.get(b"authorization"):
            raise TokenInvalidError("expected `Authorization: Bearer` and a token")
        if session := request.cookie(COOKIE):
            try:
                principal = await self._principal(service, session, request.address)
            except TokenInvalidError:
                pass  # it ran out: as if there were none
            else:
                caller = _digest(session).hex()
                return Identity(principal, csrf_of(session), is_session=True, caller=caller)
        return Identity(None if self._token_required else LOCAL, self._own_csrf)

    def require_patience(self, address: str) -> None:
        """Raise RefusedError if too many tokens that open nothing came from an address."""
        if self._wrong.is_spent(address):
            sentence = f"expected at most {self._most_wrong} wrong tokens a second from one address"
            raise RefusedError(429, "rate_limited", sentence, {"Retry-After": "1"})

    def note_wrong(self, address: str) -> None:
        """Count a token that opens nothing."""
        self._wrong.wait_s(address)

    async def _principal(self, service: Service, secret: str, address: str) -> Principal:
        digest = _digest(secret)
        known = self._known.get(digest)
        now = time.monotonic()
        if known is not None and known[1] > now:
            return known[0]
        if known is None:  # who was let in before is not kept out by others behind its proxy
            self.require_patience(address)
        try:
            principal = await service.read(authenticate, secret, service.clock())
        except TokenInvalidError:
            self._known.pop(digest, None)
            self.note_wrong(address)
            raise
        if principal.unnoted is not None:
            with suppress(StorageTroubleError):  # a full disk keeps nobody from reading
                await service.write(note_use, principal.unnoted)
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[digest] = (principal, now + KEPT_S)
        return principal

    def forget(self) -> None:
        """Ask the database again from now on."""
        self._known.clear()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def csrf_of(session: str) -> str:
    """Return what the forms of a session must carry."""
    return hashlib.blake2b(session.encode(), digest_size=24, person=b"beliefgrid-csrf").hexdigest()
