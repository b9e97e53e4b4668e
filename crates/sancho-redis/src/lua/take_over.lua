-- Purpose: gives claims of incarnations whose lease has ended to another; those incarnations are unknown from then on.
-- KEYS: none.
-- ARGV: the taker, first number, limit, now in microseconds.
-- Returns: claims flat (number, in-flight value), incarnations that ended, whether a checkpoint is kept anywhere.
local by, first, limit, now = arg(), tonumber(arg()), tonumber(arg()), arg()
if not redis.call('ZSCORE', 'sancho:leases', by) then return { {}, {}, 0 } end
local flight = 'sancho:flight:' .. by
local flat, ended = {}, {}
local reached = tonumber(redis.call('HGET', 'sancho:numbers', by) or '0')
if first < reached then
  for number = first, first + limit - 1 do
    local name = string.format('%.0f', number)
    local value = redis.call('HGET', flight, name)
    if value then
      flat[#flat + 1] = name
      flat[#flat + 1] = value
    end
  end
  if #flat > 0 then return { flat, {}, redis.call('EXISTS', 'sancho:checkpoints') } end
end
for _, who in ipairs(redis.call('ZRANGEBYSCORE', 'sancho:leases', '-inf', '(' .. now)) do
  if who ~= by then
    ended[#ended + 1] = who
    redis.call('ZREM', 'sancho:leases', who)
    redis.call('HDEL', 'sancho:numbers', who)
    redis.call('DEL', 'sancho:process:' .. who, 'sancho:orders:' .. who)
  end
end
local taken = 0
local holders = redis.call('SMEMBERS', 'sancho:holders')
table.sort(holders)
for _, who in ipairs(holders) do
  if taken < limit and not redis.call('ZSCORE', 'sancho:leases', who) then
    local numbers = redis.call('HKEYS', 'sancho:flight:' .. who)
    table.sort(numbers, function(a, b) return tonumber(a) < tonumber(b) end)
    for _, number in ipairs(numbers) do
      if taken == limit then break end
      local _, queue, bytes = cut(redis.call('HGET', 'sancho:flight:' .. who, number))
      local name, value = string.format('%.0f', first + taken), now .. '\n' .. queue .. '\n' .. bytes
      redis.call('HDEL', 'sancho:flight:' .. who, number)
      redis.call('HSET', flight, name, value)
      flat[#flat + 1] = name
      flat[#flat + 1] = value
      taken = taken + 1
    end
    if redis.call('EXISTS', 'sancho:flight:' .. who) == 0 then redis.call('SREM', 'sancho:holders', who) end
  end
end
if taken > 0 and first + taken > reached then
  redis.call('HSET', 'sancho:numbers', by, string.format('%.0f', first + taken))
end
return { flat, ended, redis.call('EXISTS', 'sancho:checkpoints') }
