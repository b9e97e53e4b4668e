-- Purpose: brings down to their limits the dead set, the counters by day, and the records that clean themselves.
-- KEYS: none.
-- ARGV: most dead jobs, score before which they are too old, most to remove, first day number to keep, score before
--   which due times are over, how many of these to remove, cursor into the keys' index, cursor into the classes not
--   known, entries to read of each, microseconds before which a class was last met that is forgotten, how many queued
--   jobs may be read to prove keys.
-- Returns: dead jobs removed, next cursor into the index, next cursor into the classes, then key and jid of entries that
--   could not be proved, in turns.
local most, too_old, limit, first_day = tonumber(arg()), arg(), tonumber(arg()), arg()
local over, over_limit, keys_from, classes_from = arg(), tonumber(arg()), arg(), arg()
local entries, last_met, readable = arg(), tonumber(arg()), tonumber(arg())

local dead = math.max(redis.call('ZCARD', 'dead') - most, redis.call('ZCOUNT', 'dead', '-inf', '(' .. too_old))
dead = math.max(0, math.min(dead, limit))
if dead > 0 then redis.call('ZREMRANGEBYRANK', 'dead', 0, dead - 1) end

for _, day in ipairs(redis.call('ZRANGEBYSCORE', 'sancho:days', '-inf', '(' .. first_day, 'LIMIT', 0, 1000)) do
  redis.call('DEL', 'stat:processed:' .. day, 'stat:failed:' .. day)
  redis.call('ZREM', 'sancho:days', day)
end

local times = math.min(redis.call('ZCOUNT', 'sancho:due', '-inf', '(' .. over), over_limit)
if times > 0 then redis.call('ZREMRANGEBYRANK', 'sancho:due', 0, times - 1) end

local classes = redis.call('HSCAN', 'sancho:unknown', classes_from, 'COUNT', entries)
for k = 1, #classes[2], 2 do
  local last = string.match(classes[2][k + 1], '^%d+ (%d+)$')
  if not last or tonumber(last) < last_met then redis.call('HDEL', 'sancho:unknown', classes[2][k]) end
end

local scan = redis.call('HSCAN', 'sancho:keys', keys_from, 'COUNT', entries)
local answer = { dead, scan[1], classes[1] }
for k = 1, #scan[2], 2 do
  local key, jid, letter, place = scan[2][k], index_cut(scan[2][k + 1])
  -- A long queue is not searched for a mere sweep: a push that meets the entry proves it.
  local cost = 0
  if letter == 'Q' then
    local length = redis.pcall('LLEN', 'queue:' .. place)
    cost = type(length) == 'number' and length or 0
  end
  if not jid then
    redis.call('HDEL', 'sancho:keys', key)
  elseif cost <= readable then
    readable = readable - cost
    if index_holder(key) == 'unproved' then
      answer[#answer + 1] = key
      answer[#answer + 1] = jid
    end
  end
end
return answer
