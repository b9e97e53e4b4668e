-- Purpose: leaves an order for a living process: on our own list for one of ours, as a signal for one of Sidekiq's.
-- KEYS: none.
-- ARGV: incarnation, now in microseconds, our word, the signal's name or ''.
-- Returns: 1 if it was left, 0 if no such process lives, -1 if a process of Sidekiq cannot be given it.
local who, now, word, signal = arg(), arg(), arg(), arg()
local function leave(command, key, text)
  redis.call(command, key, text)
  redis.call('EXPIRE', key, 60)
  return 1
end
local lease = redis.call('ZSCORE', 'sancho:leases', who)
if lease then
  if tonumber(lease) < tonumber(now) then return 0 end
  return leave('RPUSH', 'sancho:orders:' .. who, word)
end
if redis.call('SISMEMBER', 'processes', who) == 0 then return 0 end
local told = redis.pcall('HMGET', who, 'info', 'sancho')
if told.err or not told[1] or told[2] then return 0 end
if signal == '' then return -1 end
return leave('LPUSH', who .. '-signals', signal)
