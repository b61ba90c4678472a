"""What a review page hands to its form: who may do what, once, on the strength of what.

The text is signed, so that a form cannot be forged for another user, action or target;
the token in it makes sure that it acts once (audit.py), and `seen` that it acts on what
was shown (standings.py). See docs/adr/0018-confirmed-actions.md.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core import signing

from projections import errors

# A page that was left open for longer is looked at again first. Seconds.
LONGEST_S = 3600
SALT = "projections.confirming"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """seen: how the target stood on the review page, as standings.py writes it."""

    token: UUID
    seen: str


def sign(actor_name: str, action: str, target: str, seen: str) -> str:
    """A text for the form of a review page; every call makes another token."""
    signed = [actor_name, action, target, seen, str(uuid4())]
    return signing.dumps(signed, salt=SALT, compress=True)


def read(text: str, actor_name: str, action: str, target: str) -> Confirmation:
    """What a form sent back. Raises BadConfirmation."""
    try:
        signed = signing.loads(text, salt=SALT, max_age=LONGEST_S)
    except signing.SignatureExpired:
        raise errors.BadConfirmation(
            "this page is older than an hour: look at it again, then confirm"
        ) from None
    except signing.BadSignature:
        raise errors.BadConfirmation(
            "this confirmation was not made by this system: open the page again"
        ) from None
    *meant, seen, token = signed
    if meant != [actor_name, action, target]:
        raise errors.BadConfirmation(
            f"this confirmation is not for {actor_name} to {action} {target}: "
            "open the page again"
        )
    return Confirmation(token=UUID(token), seen=seen)
