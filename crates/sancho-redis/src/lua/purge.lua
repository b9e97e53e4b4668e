-- Purpose: brings jobs home to Sidekiq's keys, and removes keys of our own; nothing while a server is alive.
-- KEYS: none.
-- ARGV: count of claims, each: incarnation, number, in the order in which they go to the front;
--   count of held jobs, each: jid, key, member of `sancho:held`, letter of where it goes, where, score, bytes; count of
--   keys to remove, each.
-- Returns: { "L", incarnation, … } where servers are alive; else claims brought home, held jobs moved to queues, held
--   jobs buried, keys removed, and the keys that stay because jobs are in them.

-- Leases are in the time of Redis, whatever the clock of the caller says.
local time = redis.call('TIME')
local now = time[1] .. string.format('%06d', time[2])
local living = redis.call('ZRANGEBYSCORE', 'sancho:leases', now, '+inf')
if #living > 0 then
  table.insert(living, 1, 'L')
  return living
end

must_be('queues', 'set')
must_be('sancho:keys', 'hash')
for _, key in ipairs({ 'sancho:held', 'sancho:due', 'sancho:leases', 'dead' }) do must_be(key, 'zset') end
local claims, held = {}, {}
for _ = 1, tonumber(arg()) do
  local flight, number = 'sancho:flight:' .. arg(), arg()
  local value = redis.call('HGET', flight, number)
  if value then
    local _, queue, bytes = cut(value)
    must_be('queue:' .. queue, 'list')
    claims[#claims + 1] = { flight, number, queue, bytes }
  end
end
for k = 1, tonumber(arg()) do
  local job = { jid = arg(), key = arg(), member = arg(), letter = arg(), where = arg(), score = arg(), bytes = arg() }
  check_place(job.letter, job.where)
  held[k] = job
end

-- Whoever comes back after its lease has ended is to find out that it is unknown.
for _, who in ipairs(redis.call('ZRANGE', 'sancho:leases', 0, -1)) do end_process(who) end
for _, claim in ipairs(claims) do
  redis.call('HDEL', claim[1], claim[2])
  redis.call('SADD', 'queues', claim[3])
  redis.call('RPUSH', 'queue:' .. claim[3], claim[4])
end
local moved, buried = 0, 0
for _, job in ipairs(held) do
  if redis.call('ZREM', 'sancho:held', job.member) == 1 then
    put(job.jid, job.letter, job.where, job.score, job.bytes)
    move_key(job.key, job.jid, job.letter, job.where, job.bytes)
    if job.letter == 'D' then buried = buried + 1 else moved = moved + 1 end
  end
end

-- Whether jobs are in a key: what came there since it was looked at.
local function has_jobs(key)
  if key == 'sancho:held' then return redis.call('EXISTS', key) == 1 end
  if string.sub(key, 1, 14) ~= 'sancho:flight:' or redis.call('TYPE', key).ok ~= 'hash' then return false end
  return redis.call('HLEN', key) > redis.call('HEXISTS', key, 'next')
end

local removed, stay = 0, {}
for _ = 1, tonumber(arg()) do
  local key = arg()
  if has_jobs(key) then
    stay[#stay + 1] = key
  else
    removed = removed + redis.call('UNLINK', key)
  end
end
return { #claims, moved, buried, removed, stay }
