"""The Lua that Redis runs for the order cache: each call is one atomic step.

KEYS[1] is the root of all keys; it holds a hash tag, so they are in one slot.
<root>:<id>       a copy `c|tag|version|stored at|position` LF body, or a mark `w|token`
<root>:fill:<id>  the lease of who fills: its token
<root>:ages       ids of copies by the time they were stored, milliseconds
<root>:sizes      bytes of each copy by id; under "" their sum
<root>:counts     requests by result
"""

_KEYS = """
local root = KEYS[1]
local ages, sizes = root .. ':ages', root .. ':sizes'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function key_of(id) return root .. ':' .. id end
local function fill_of(id) return root .. ':fill:' .. id end
local function head_of(id)  -- of a copy: its tag, version, time of storing
    local head = redis.call('GETRANGE', key_of(id), 0, 127)
    return string.match(head, '^c|([^|]*)|(%d+)|(%d+)|')
end
"""

# What Redis needs for a key, a member of a sorted set and a field, roughly.
_ACCOUNTS = """
local OVERHEAD = 300
local function write_off(id)
    local size = tonumber(redis.call('HGET', sizes, id) or 0)
    redis.call('HDEL', sizes, id)
    redis.call('ZREM', ages, id)
    if size > 0 then redis.call('HINCRBY', sizes, '', -size) end
end
local function store(id, tag, version, position, body, keep_ms)
    write_off(id)
    local head = 'c|' .. tag .. '|' .. version .. '|' .. now .. '|' .. position
    redis.call('SET', key_of(id), head .. '\\n' .. body, 'PX', keep_ms)
    local size = #head + #body + 2 * #id + OVERHEAD
    redis.call('HSET', sizes, id, size)
    redis.call('HINCRBY', sizes, '', size)
    redis.call('ZADD', ages, now, id)
    redis.call('DEL', fill_of(id))
end
"""

# ARGV: id, tag, at least version, ttl in ms, token and ms of a lease, 1: the last look.
LOOK = f"""{_KEYS}
local id, tag = ARGV[1], ARGV[2]
local function counted(result)
    redis.call('HINCRBY', root .. ':counts', result, 1)
end
local found, version, at = head_of(id)
if found == tag and tonumber(version) >= tonumber(ARGV[3])
        and now - at < tonumber(ARGV[4]) then
    counted('hit')
    return {{'hit', redis.call('GET', key_of(id))}}
end
local marked = redis.call('GETRANGE', key_of(id), 0, 1) == 'w|'
if not marked and redis.call(
        'SET', fill_of(id), ARGV[5], 'NX', 'PX', ARGV[6]) then
    counted('miss')
    return {{'fill'}}
end
if marked or ARGV[7] == '1' then
    counted('miss')
    return {{'read'}}
end
return {{'wait'}}
"""

# ARGV: id, token, tag, version, position, body, ms to keep.
FILL = f"""{_KEYS}{_ACCOUNTS}
local id = ARGV[1]
if redis.call('GET', fill_of(id)) == ARGV[2] then
    store(id, ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
end
"""

# ARGV: id, token.
GIVE_UP = f"""{_KEYS}
if redis.call('GET', fill_of(ARGV[1])) == ARGV[2] then
    redis.call('DEL', fill_of(ARGV[1]))
end
"""

# ARGV: token, ms to keep, ids.
MARK = f"""{_KEYS}{_ACCOUNTS}
for place = 3, #ARGV do
    local id = ARGV[place]
    write_off(id)
    redis.call('SET', key_of(id), 'w|' .. ARGV[1], 'PX', ARGV[2])
    redis.call('DEL', fill_of(id))
end
"""

# ARGV: token, ids.
UNMARK = f"""{_KEYS}
for place = 2, #ARGV do
    local key = key_of(ARGV[place])
    if redis.call('GETRANGE', key, 0, 127) == 'w|' .. ARGV[1] then
        redis.call('DEL', key)
    end
end
"""

# ARGV: token, tag, position, ms to keep, then id, version and body of each.
PUT = f"""{_KEYS}{_ACCOUNTS}
local tag = ARGV[2]
for place = 5, #ARGV, 3 do
    local id, version = ARGV[place], tonumber(ARGV[place + 1])
    local found, older = head_of(id)
    local ours = redis.call('GETRANGE', key_of(id), 0, 127) == 'w|' .. ARGV[1]
    if ours or (found and (found ~= tag or tonumber(older) < version)) then
        store(id, tag, ARGV[place + 1], ARGV[3], ARGV[place + 2], ARGV[4])
    end
end
"""

# ARGV: limit in bytes, ms to keep. Returns 1 while there is more to do.
TRIM = f"""{_KEYS}{_ACCOUNTS}
local AT_ONCE = 200
local dead = redis.call(
    'ZRANGEBYSCORE', ages, '-inf', now - ARGV[2], 'LIMIT', 0, AT_ONCE)
for _, id in ipairs(dead) do write_off(id) end
local over = tonumber(redis.call('HGET', sizes, '') or 0) - tonumber(ARGV[1])
if over <= 0 then return #dead == AT_ONCE and 1 or 0 end
local oldest = redis.call('ZRANGE', ages, 0, AT_ONCE - 1)
if #oldest == 0 then  -- Redis has evicted the set: begin anew
    redis.call('DEL', sizes)
    return 0
end
for _, id in ipairs(oldest) do
    local size = tonumber(redis.call('HGET', sizes, id) or 0)
    redis.call('DEL', key_of(id))
    write_off(id)
    over = over - size
    if over <= 0 then return 0 end
end
return 1
"""
