"""Signed tokens, under keys that are made from INDEX_KEY; one for each purpose.

A token of one purpose is worth nothing for another. Anybody can read its value, so it carries
nothing personal. Tokens and signatures have letters, digits, `-`, `_` and `.` alone.
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
    """Make a token that carries a JSON value; the same value gives the same token."""
    return URLSafeSerializer(key_for(purpose), purpose, signer_kwargs=_HOW).dumps(value)


def signed(token: str, purpose: str) -> Any:
    """The value that a token carries; None if `sign` did not make it for this purpose."""
    if not _TOKEN.fullmatch(token):
        return None
    try:
        return URLSafeSerializer(key_for(purpose), purpose, signer_kwargs=_HOW).loads(token)
    except BadData:
        return None


def signature(text: str, purpose: str) -> str:
    """Sign a text that whoever checks the signature knows as well."""
    return _signer(purpose).get_signature(text).decode()


def is_signature(given: object, text: str, purpose: str) -> bool:
    """Whether somebody gave what `signature` gives; compared in constant time."""
    if not isinstance(given, str) or not _TOKEN.fullmatch(given):
        return False
    return _signer(purpose).verify_signature(text, given)


def _signer(purpose: str) -> Signer:
    return Signer(key_for(purpose), purpose, key_derivation="hmac", digest_method=hashlib.sha256)
