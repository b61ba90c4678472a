"""An order whose customer is forgotten: the same, whether its texts were read."""

import pytest
from msgspec import structs

from eventstore import events, personal_texts
from eventstore.events import encode
from orders.domain import erasing
from orders.domain.commands import ErasePersonalTexts
from orders.domain.errors import UnknownOrder
from orders.domain.events import PersonalTextsErased
from orders.streams import ORDER
from tests.unit.orders.decider import AT
from tests.unit.orders.order_life import OrderLife

ERASED = PersonalTextsErased()


def life(seed: int) -> OrderLife:
    found = OrderLife(seed)
    for _ in range(40):
        found.step()
    return found


def without_texts(event):
    event_type = ORDER.type_of(event)
    left, _ = personal_texts.take(
        event, personal=event_type.personal, lasting=event_type.lasting
    )
    return left


def test_the_word_for_it_is_the_same_everywhere():
    assert erasing.FORGOTTEN == personal_texts.FORGOTTEN
    assert erasing.MASK == events.MASK


@pytest.mark.parametrize("seed", range(50))
def test_it_ends_as_if_no_text_had_ever_been_read(seed):
    log = life(seed).log
    read = ORDER.fold(None, [*log, (ERASED, AT)])
    unread = ORDER.fold(None, [(without_texts(each), at) for each, at in log])
    assert read == ORDER.evolve(unread, ERASED, at=AT)
    assert (
        structs.replace(read, version=unread.version, updated_at=unread.updated_at)
        == unread
    )


def test_it_counts_as_before():
    order = life(7).order
    erased = erasing.erase(order)
    for name in ("total", "captured", "refunded", "units_shipped", "lines", "status"):
        assert getattr(erased, name) == getattr(order, name)
    assert erased.payment_status == order.payment_status


@pytest.mark.parametrize("seed", range(20))
def test_it_masks_every_text_that_is_forgotten_later(seed):
    order = life(seed).order
    shown = encode(erasing.mask(order))
    assert shown == encode(erasing.erase(order)).replace(erasing.FORGOTTEN, "***")


def test_it_tells_what_is_forgotten_from_what_is_masked():
    erased = erasing.erase(life(7).order)
    assert erasing.mask(erased) == erased


def test_it_is_done_whatever_the_order_says():
    order = life(3).order
    assert ORDER.decide(order, ErasePersonalTexts(), at=AT) == [ERASED]
    with pytest.raises(UnknownOrder):
        ORDER.decide(None, ErasePersonalTexts(), at=AT)
