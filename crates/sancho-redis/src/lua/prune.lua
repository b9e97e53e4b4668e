-- Purpose: brings the dead set and the counters by day down to their limits.
-- KEYS: none.
-- ARGV: most dead jobs, score before which they are too old, most to remove, first day number to keep.
-- Returns: the bytes removed from the dead set, whose index entries the caller then frees.
local most, too_old, limit, first_day = tonumber(arg()), arg(), tonumber(arg()), arg()
local n = math.max(redis.call('ZCARD', 'dead') - most, redis.call('ZCOUNT', 'dead', '-inf', '(' .. too_old))
n = math.min(n, limit)
for _, day in ipairs(redis.call('ZRANGEBYSCORE', 'sancho:days', '-inf', '(' .. first_day)) do
  redis.call('DEL', 'stat:processed:' .. day, 'stat:failed:' .. day)
  redis.call('ZREM', 'sancho:days', day)
end
if n <= 0 then return {} end
local gone = redis.call('ZRANGE', 'dead', 0, n - 1)
redis.call('ZREMRANGEBYRANK', 'dead', 0, n - 1)
return gone
