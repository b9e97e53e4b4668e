-- Purpose: extends a process's lease, shows it to people, and answers with what it should know. Only the lease decides
--   who lives; what is shown is written by the way, and a key of another type there stops nothing.
-- KEYS: none.
-- ARGV: incarnation, "1" for a first beat, end of the lease in microseconds, count of claims, claims (incarnation,
--   number); then what is done if it is known: commands that show the process and count what it did (their count,
--   each: count of words, words), and the hashes of the steps of time that it is in (their count, each: key, seconds
--   that it is kept for).
-- Returns: standing (1, 0), one 1 or 0 a claim (still held or not), our orders oldest first, a signal or '', paused
--   classes, the time (seconds, microseconds), `info` of each living process of other programs.
local who, hello, lease = arg(), arg(), arg()
local known = redis.call('ZSCORE', 'sancho:leases', who) or hello == '1'
local held = {}
for k = 1, tonumber(arg()) do
  local holder, number = arg(), arg()
  held[k] = known and redis.pcall('HEXISTS', 'sancho:flight:' .. holder, number) == 1 and 1 or 0
end
-- A set of paused classes that is none pauses no class, and ends no process.
local classes = redis.pcall('SMEMBERS', 'sancho:paused-classes')
if classes.err then classes = {} end
local time = redis.call('TIME')
if not known then return { 0, held, {}, '', classes, time, {} } end
redis.call('ZADD', 'sancho:leases', lease, who)
redis.call('SADD', 'sancho:holders', who)
if hello == '1' then redis.call('HSETNX', 'sancho:flight:' .. who, 'next', '1') end

for _ = 1, tonumber(arg()) do
  local words = tonumber(arg())
  redis.pcall(unpack(ARGV, cursor + 1, cursor + words))
  cursor = cursor + words
end

-- The first beat of a step tells how much there is, whichever process it is of.
for _ = 1, tonumber(arg()) do
  local step, kept_for = arg(), arg()
  if redis.pcall('HEXISTS', step, 'enqueued') == 0 then
    local enqueued, scheduled, retries, dead = sizes()
    redis.call('HSET', step, 'enqueued', enqueued, 'scheduled', scheduled, 'retries', retries, 'dead', dead)
    redis.call('EXPIRE', step, kept_for)
  end
end

local orders = redis.pcall('LRANGE', 'sancho:orders:' .. who, 0, -1)
if orders.err then orders = {} end
if #orders > 0 then redis.call('DEL', 'sancho:orders:' .. who) end
-- One signal a beat, as Sidekiq's own processes take them.
local signal = redis.pcall('RPOP', who .. '-signals')
if type(signal) ~= 'string' then signal = '' end

-- Once a minute one beat of all takes those off the list whose hash is gone; each of Ruby's pollers counts the list.
local cleans = redis.pcall('SET', 'process_cleanup', '1', 'NX', 'EX', 60)
cleans = type(cleans) == 'table' and cleans.ok ~= nil
local others = {}
local listed = redis.pcall('SMEMBERS', 'processes')
if listed.err then listed = {} end
for _, id in ipairs(listed) do
  local leased = redis.call('ZSCORE', 'sancho:leases', id)
  if cleans or not leased then
    local told = redis.pcall('HMGET', id, 'info', 'sancho')
    if not told.err and not told[1] then
      if cleans then redis.call('SREM', 'processes', id) end
    elseif not told.err and not leased and not told[2] then
      others[#others + 1] = told[1]
    end
  end
end
return { 1, held, orders, signal, classes, time, others }
