"""Ids that follow from content: the same thing found twice has the same id, in every run."""

from hashlib import blake2b


def content_id(*parts: object) -> str:
    """16 hex characters of BLAKE2b over ``parts``: None, bool, int, str, bytes, and tuples or lists of those.

    Types and lengths are part of the hash, so ("ab", "c") and ("a", "bc") differ. Raises ``TypeError`` for others.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(_encode(part))
    return digest.hexdigest()


def _encode(part: object) -> bytes:
    match part:
        case None | bool() | int():
            body = repr(part).encode()
        case str():
            body = part.encode()
        case bytes():
            body = part
        case tuple() | list():
            body = b"".join(_encode(item) for item in part)
        case _:
            raise TypeError(f"expected None, bool, int, str, bytes, tuple or list, found {type(part).__name__}")
    return f"{type(part).__name__}:{len(body)}:".encode() + body
