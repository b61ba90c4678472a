"""Buckets of durations, and the percentiles that are read from them."""

from collections import Counter
from random import Random

import pytest

from eventstore.telemetry import slots

PRECISION = 0.091


@pytest.mark.parametrize("seconds", [0.0005, 0.003, 0.02, 0.5, 1, 7.7, 59])
def test_it_tells_a_duration_to_within_nine_percent(seconds):
    told = slots.latency(Counter({slots.bucket(seconds): 1})).p50_s
    assert told == pytest.approx(seconds, rel=PRECISION)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 61, 1e9])
def test_it_takes_what_is_outside_of_its_buckets(seconds):
    assert 0 <= slots.bucket(seconds) <= slots.LAST_BUCKET


def test_it_tells_percentiles_of_many_to_within_nine_percent():
    random = Random(7)
    measured = sorted(random.lognormvariate(-4, 1) for _ in range(1_000))
    told = slots.latency(Counter(map(slots.bucket, measured)))
    assert told.p50_s == pytest.approx(measured[499], rel=PRECISION)
    assert told.p95_s == pytest.approx(measured[949], rel=PRECISION)
    assert told.p99_s == pytest.approx(measured[989], rel=PRECISION)


def test_it_tells_nothing_of_nothing():
    assert slots.latency(Counter()).p50_s is None
