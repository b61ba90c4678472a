"""Personal texts: taken out, encrypted, put back."""

from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from eventstore import errors, personal_texts
from eventstore.personal_texts import FORGOTTEN

EVENT = UUID(int=1)


class Home(Struct, frozen=True, kw_only=True, omit_defaults=True):
    street: str
    flat: str | None = None
    country: str = "GB"


class Moved(Struct, frozen=True, kw_only=True):
    homes: tuple[Home, ...]
    note: str | None = None
    nickname: str | None = None
    distance: int = 0


MOVED = Moved(
    homes=(Home(street="12 Mill Lane"), Home(street="Quay 3", flat="b", country="NO")),
    note="ring twice",
    distance=7,
)
LASTING = ("homes.0.country", "homes.1.country")


def take(*personal: str, data: Moved = MOVED):
    return personal_texts.take(data, personal=personal, lasting=LASTING)


@pytest.fixture
def cipher() -> AESGCM:
    return AESGCM(AESGCM.generate_key(bit_length=256))


def test_it_takes_every_text_and_nothing_else():
    left, texts = take("homes", "note", "nickname")
    assert left == Moved(
        homes=(
            Home(street=FORGOTTEN),
            Home(street=FORGOTTEN, flat=FORGOTTEN, country="NO"),
        ),
        note=FORGOTTEN,
        distance=7,
    )
    assert set(texts.values()) == {"12 Mill Lane", "Quay 3", "b", "ring twice"}


def test_it_puts_back_what_it_took():
    left, texts = take("homes", "note")
    data = msgspec.json.decode(msgspec.json.encode(left))
    personal_texts.put(data, texts)
    assert msgspec.convert(data, Moved) == MOVED


def test_it_leaves_an_event_alone_that_has_no_text():
    data = Moved(homes=(), distance=1)
    left, texts = take("homes", "note", data=data)
    assert left is data
    assert not texts


def test_it_refuses_what_it_could_not_put_back():
    with pytest.raises(TypeError, match="distance: a int cannot be personal"):
        take("distance")


def test_it_decrypts_what_it_encrypted(cipher):
    texts = {"note": "ring twice \u2713"}
    encrypted = personal_texts.encrypt(texts, cipher, event_id=EVENT)
    assert "ring" not in encrypted
    assert personal_texts.decrypt(encrypted, cipher, event_id=EVENT) == texts
    assert encrypted != personal_texts.encrypt(texts, cipher, event_id=EVENT)


@pytest.mark.parametrize("wrong", ["key", "event", "altered", "format", "nothing"])
def test_it_decrypts_nothing_else(cipher, wrong):
    encrypted = personal_texts.encrypt({"note": "hi"}, cipher, event_id=EVENT)
    event_id = EVENT
    match wrong:
        case "key":
            cipher = AESGCM(AESGCM.generate_key(bit_length=256))
        case "event":
            event_id = UUID(int=2)
        case "altered":
            encrypted = encrypted[:-8] + encrypted[-8:].swapcase()
        case "format":
            encrypted = "2" + encrypted[1:]
        case "nothing":
            encrypted = ""
    with pytest.raises(errors.UnreadableTexts, match=str(event_id)):
        personal_texts.decrypt(encrypted, cipher, event_id=event_id)
