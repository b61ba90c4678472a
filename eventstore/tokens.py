"""Consistency tokens: what a command's answer gives so that a query can wait for it."""

from dataclasses import dataclass

from django.core import signing

from eventstore import errors

SALT = "eventstore.consistency-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The write a reader demands: a stream's version, at a position of an epoch."""

    epoch: int
    stream: str
    version: int
    position: int


def sign(token: Token) -> str:
    payload = [token.epoch, token.stream, token.version, token.position]
    return signing.Signer(salt=SALT).sign_object(payload)


def parse(text: str) -> Token:
    """Raises BadToken for one that this system did not sign."""
    try:
        signed = signing.Signer(salt=SALT).unsign_object(text)
        epoch, stream, version, position = signed
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise errors.BadToken("this is no consistency token of this system") from error
    return Token(epoch=epoch, stream=stream, version=version, position=position)
