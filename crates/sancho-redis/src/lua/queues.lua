-- Purpose: every known queue, of one moment. Known is what stands in `queues`: other programs keep lists of their own
--   under names that begin alike.
-- KEYS: none.
-- ARGV: none.
-- Returns: for each queue its name, size, next job's bytes ("" where there is none), and 1 if it is paused.
local flat = {}
for _, queue in ipairs(redis.call('SMEMBERS', 'queues')) do
  local key = 'queue:' .. queue
  local size, first = redis.pcall('LLEN', key), redis.pcall('LINDEX', key, -1)
  flat[#flat + 1] = queue
  flat[#flat + 1] = type(size) == 'number' and size or 0
  flat[#flat + 1] = type(first) == 'string' and first or ''
  flat[#flat + 1] = redis.pcall('SISMEMBER', 'paused', queue) == 1 and 1 or 0
end
return flat
