-- Purpose: gives claims of incarnations whose lease has ended to another; those incarnations are unknown from then on.
-- KEYS: none.
-- ARGV: the taker, first number, limit, now in microseconds.
-- Returns: claims flat (number, in-flight value), incarnations that ended, whether a checkpoint is kept anywhere.
local by, first, limit, now = arg(), tonumber(arg()), tonumber(arg()), arg()
local flight = 'sancho:flight:' .. by
must_be(flight, 'hash')
local reached = redis.call('HGET', flight, 'next')
if not reached then return { {}, {}, 0 } end
reached = tonumber(reached)
-- What stands there is no number: this incarnation is over, and finds out by its next exchange.
if not reached then return { {}, {}, 0 } end
local flat, ended = {}, {}
local function name_of(number) return string.format('%.0f', number) end

if first < reached then
  for number = first, math.min(first + limit, reached) - 1 do
    local value = redis.call('HGET', flight, name_of(number))
    if value then
      flat[#flat + 1] = name_of(number)
      flat[#flat + 1] = value
    end
  end
  if #flat > 0 then return { flat, {}, redis.call('EXISTS', 'sancho:kept') } end
end

for _, who in ipairs(redis.call('ZRANGEBYSCORE', 'sancho:leases', '-inf', '(' .. now)) do
  if who ~= by then
    ended[#ended + 1] = who
    end_process(who)
  end
end
local taken = 0
local holders = redis.call('SMEMBERS', 'sancho:holders')
table.sort(holders)
for _, who in ipairs(holders) do
  if taken < limit and not redis.call('ZSCORE', 'sancho:leases', who) then
    local theirs = 'sancho:flight:' .. who
    -- One that is no hash holds no claim: it stays, and keeps nobody from the claims of others.
    local numbers = redis.pcall('HKEYS', theirs)
    if numbers.err then numbers = {} end
    table.sort(numbers, function(a, b) return (tonumber(a) or 0) < (tonumber(b) or 0) end)
    for _, number in ipairs(numbers) do
      if taken == limit then break end
      if number == 'next' then
        redis.call('HDEL', theirs, number)
      else
        local _, queue, bytes = cut(redis.call('HGET', theirs, number))
        local name, value = name_of(first + taken), now .. '\n' .. queue .. '\n' .. bytes
        redis.call('HDEL', theirs, number)
        redis.call('HSET', flight, name, value)
        flat[#flat + 1] = name
        flat[#flat + 1] = value
        taken = taken + 1
      end
    end
    if redis.call('EXISTS', theirs) == 0 then redis.call('SREM', 'sancho:holders', who) end
  end
end
if taken > 0 and first + taken > reached then redis.call('HSET', flight, 'next', name_of(first + taken)) end
return { flat, ended, redis.call('EXISTS', 'sancho:kept') }
