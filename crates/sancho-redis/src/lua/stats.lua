-- Purpose: totals, of one moment.
-- KEYS: none.
-- ARGV: now in microseconds.
-- Returns: processed, failed, busy, enqueued, scheduled, retries, dead, held, processes.
--
-- What other programs' processes run is what they say.
local now = arg()
local busy = 0
for _, holder in ipairs(each('sancho:holders')) do
  local flight = 'sancho:flight:' .. holder
  busy = busy + count('HLEN', flight) - count('HEXISTS', flight, 'next')
end
-- Those of other programs live for as long as they tell of themselves, as `processes.lua` has them.
local processes = count('ZCOUNT', 'sancho:leases', now, '+inf')
for _, id in ipairs(each('processes')) do
  local lease = redis.pcall('ZSCORE', 'sancho:leases', id)
  if not lease or lease.err then
    local told = redis.pcall('HMGET', id, 'info', 'sancho', 'busy')
    if not told.err and told[1] and not told[2] then
      processes = processes + 1
      busy = busy + tonumber(string.match(told[3] or '', '^%d%d?%d?%d?%d?%d?$') or 0)
    end
  end
end
local counters = redis.call('MGET', 'stat:processed', 'stat:failed')
local enqueued, scheduled, retries, dead = sizes()
return {
  counters[1] or '0', counters[2] or '0', busy, enqueued, scheduled, retries, dead, count('ZCARD', 'sancho:held'),
  processes,
}
