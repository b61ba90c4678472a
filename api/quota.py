"""How many requests a caller has left, counted in Redis for all web processes."""

import math
from dataclasses import dataclass
from typing import Any, cast

from eventstore import redis_client

# The generic cell rate algorithm (GCRA, ITU-T I.371), in the form with a theoretical
# arrival time (TAT): each request moves the TAT on by one interval, and whoever would
# move it further ahead of now than a whole window is refused. One number a caller, and
# no edge between two windows at which twice as many would pass at once.
# Times are whole microseconds of Redis's clock, so that web servers' clocks do not
# matter. Returns {taken, requests left, until one is taken again, until all are}.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local requests = tonumber(ARGV[1])
local interval = math.floor(ARGV[2] * 1000000 / requests)
local all = interval * requests
local tat = tonumber(redis.call('GET', KEYS[1]) or now)
-- The second bound is for a clock that was set back: it locks nobody out.
local ahead = math.min(math.max(tat - now, 0), all)
if ahead + interval > all then
  return {0, 0, ahead + interval - all, ahead}
end
ahead = ahead + interval
redis.call('SET', KEYS[1], now + ahead, 'PX', math.ceil(ahead / 1000))
return {1, math.floor((all - ahead) / interval), 0, ahead}
"""
_SECOND = 1_000_000  # microseconds


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a caller has left after a request; seconds are whole and rounded up."""

    is_refused: bool
    remaining: int
    wait_s: int  # until the next request is taken; 0 unless this one was refused
    full_in_s: int  # until the caller has all requests again


def take(caller: str, *, requests: int, window_s: int) -> Standing:
    """Counts one request of the caller, in one step with the look at what is left.

    Takes `requests` at once and then one every window_s / requests seconds; a request
    that is refused costs nothing. Raises redis_client.Away, after 50 ms at most.
    """
    with redis_client.without_waiting() as client:
        script = client.register_script(_TAKE)  # no round trip
        answer = script(keys=[f"cqrs:quota:{caller}"], args=[requests, window_s])
    is_taken, remaining, wait, full = cast("list[Any]", answer)
    return Standing(
        is_refused=not is_taken,
        remaining=remaining,
        wait_s=math.ceil(wait / _SECOND),
        full_in_s=math.ceil(full / _SECOND),
    )
