"""The key from which the secrets of webhooks follow, so that the database holds none of them."""

import base64
import hashlib
import hmac
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from beliefgrid.storage import key_file

PREFIX = "whsec_"


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """The service's own secret."""

    _secret: bytes

    @property
    def name(self) -> str:
        """What tells keys apart and says nothing of them."""
        return self._derived("name")[:8].hex()

    def secret_of(self, webhook_id: str) -> str:
        """Return what signs the deliveries to a webhook, as its receiver was told once."""
        return PREFIX + base64.b64encode(self._derived(f"webhook {webhook_id}")).decode()

    def _derived(self, purpose: str) -> bytes:
        return hmac.new(self._secret, purpose.encode(), hashlib.sha256).digest()


class Signing:
    """Where the key is: given, or in a file beside the SQLite file, made when first needed."""

    def __init__(self, url: URL, given: str = "") -> None:
        self._url = url
        self._key = SigningKey(given.encode()) if given else None
        self._one_at_a_time = threading.Lock()  # or two threads would make two keys

    def key(self) -> SigningKey | None:
        """Return the key; None on Postgres, whose servers must be given one."""
        with self._one_at_a_time:
            if self._key is None and self._url.get_backend_name() == "sqlite":
                self._key = SigningKey(key_file.read_or_make(Path(f"{self._url.database}.key")))
            return self._key


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header that proves that we sent a body at that time."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
