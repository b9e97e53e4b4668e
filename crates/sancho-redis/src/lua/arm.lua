-- Purpose: reads what a waiter is interested in, so that tracking reports its next change, and says what is there.
-- KEYS: for Q the set of paused queues and then each queue; for D the sets that have a time; for O the list of orders.
--   All are declared: Redis 7.0 tracks the keys that a script declares, not those that it reads.
-- ARGV: "Q" and the queues' names in the order of their keys, "D", or "O".
-- Returns: for Q 1 if an unpaused queue has jobs, else 0; for D the lowest score, or ""; for O the number of orders.
local what = arg()
if what == 'D' then
  local a = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  local b = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
  if a and b and tonumber(b) < tonumber(a) then return b end
  return a or b or ''
end
if what == 'O' then return redis.call('LLEN', KEYS[1]) end
local ready = 0
for k = 2, #KEYS do
  local paused = redis.call('SISMEMBER', KEYS[1], arg())
  if redis.call('LLEN', KEYS[k]) > 0 and paused == 0 then ready = 1 end
end
return ready
