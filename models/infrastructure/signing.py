"""Signed tokens, under keys derived from INDEX_KEY, one for each purpose.

A token of one purpose is not valid for another. Anybody can read its value, so it must hold no
personal data. Tokens and signatures consist of letters, digits, `-`, `_` and `.`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from itsdangerous import BadData, Signer, URLSafeSerializer

from models.infrastructure.encryption import key_for

_TOKEN = re.compile(r"[\w.-]{1,1000}", re.ASCII)  # itsdangerous would skip other characters
_HOW = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


def sign(value: Any, purpose: str) -> str:
    """Return a token that carries a JSON value; deterministic."""
    return URLSafeSerializer(key_for(purpose), purpose, signer_kwargs=_HOW).dumps(value)


def signed(token: str, purpose: str) -> Any:
    """Return a token's value; None if `sign` did not make it for this purpose."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return URLSafeSerializer(key_for(purpose), purpose, signer_kwargs=_HOW).loads(token)
    except BadData:
        return None


def signature(text: str, purpose: str) -> str:
    """Return the signature of a text, without the text itself."""
    return _signer(purpose).get_signature(text).decode()


def is_signature(given: object, text: str, purpose: str) -> bool:
    """Whether `given` is the signature of a text; compares in constant time."""
    if not isinstance(given, str) or not _TOKEN.fullmatch(given):
        return False
    return _signer(purpose).verify_signature(text, given)


def _signer(purpose: str) -> Signer:
    return Signer(key_for(purpose), purpose, key_derivation="hmac", digest_method=hashlib.sha256)
