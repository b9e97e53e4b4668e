-- Purpose: settles claims, each in one step with its counters and follow-ups, and claims what there is room for.
-- KEYS: none.
-- ARGV: now in microseconds, day of the counters (YYYY-MM-DD), the day's number, count of settlements; each settlement:
--   incarnation, number, jid, key, "1" if a payload follows, payload, letter, where, score, processed, failed,
--   count of follow-ups, follow-ups as `push_one` reads them; then "1" if a claim follows: incarnation, first number,
--   "1" if repeated, limit, "1" to fill, count of sources, each source: queue, quota.
-- Returns: answers (S, A or L), standing (1, 0), claims flat (number, in-flight value), whether a checkpoint is kept
--   anywhere; or -1 when a claim number was given twice.
local now, day, day_number = arg(), arg(), arg()
check_sets()

local settlements = {}
for k = 1, tonumber(arg()) do
  local s = { holder = arg(), number = arg(), jid = arg(), key = arg(), changed = arg(), bytes = arg() }
  s.letter, s.where, s.score, s.processed, s.failed = arg(), arg(), arg(), tonumber(arg()), tonumber(arg())
  s.follow, s.cursor = tonumber(arg()), cursor
  cursor = cursor + 8 * s.follow
  if s.letter == 'B' or s.letter == 'F' then must_be('queue:' .. s.where, 'list') end
  settlements[k] = s
end

local claim
if arg() == '1' then
  claim = { holder = arg(), first = tonumber(arg()), repeated = arg(), limit = tonumber(arg()), fill = arg(), sources = {} }
  for k = 1, tonumber(arg()) do
    claim.sources[k] = { queue = arg(), quota = tonumber(arg()) }
    must_be('queue:' .. claim.sources[k].queue, 'list')
  end
end

-- What a request of this first number holds already; read only where the number was reached before.
local function held_already()
  local reached = tonumber(redis.call('HGET', 'sancho:numbers', claim.holder) or '0')
  local held = {}
  if claim.first < reached then
    for number = claim.first, claim.first + claim.limit - 1 do
      local name = string.format('%.0f', number)
      local value = redis.call('HGET', 'sancho:flight:' .. claim.holder, name)
      if value then
        held[#held + 1] = name
        held[#held + 1] = value
      end
    end
  end
  return held
end

if claim and claim.repeated ~= '1' and #held_already() > 0 then return -1 end

local processed, failed = 0, 0
local function settle(s)
  if not redis.call('ZSCORE', 'sancho:leases', s.holder) then return 'L' end
  local flight = 'sancho:flight:' .. s.holder
  local value = redis.call('HGET', flight, s.number)
  if not value then
    local reached = tonumber(redis.call('HGET', 'sancho:numbers', s.holder) or '0')
    if tonumber(s.number) < reached then return 'A' end
    return 'L'
  end
  redis.call('HDEL', flight, s.number)
  local bytes = s.bytes
  if s.changed ~= '1' then bytes = select(3, cut(value)) end
  put(s.jid, s.letter, s.where, s.score, bytes)
  if not takes_key(s.letter) then free_key(s.key, s.jid) end
  processed, failed = processed + s.processed, failed + s.failed
  cursor = s.cursor
  for _ = 1, s.follow do push_one() end
  return 'S'
end

local answers = {}
for k, s in ipairs(settlements) do answers[k] = settle(s) end
flush_fronts()
local function count(name, by)
  if by == 0 then return end
  redis.call('INCRBY', 'stat:' .. name, by)
  if redis.call('INCRBY', 'stat:' .. name .. ':' .. day, by) == by then
    redis.call('ZADD', 'sancho:days', day_number, day)
  end
end
count('processed', processed)
count('failed', failed)

local function kept() return redis.call('EXISTS', 'sancho:checkpoints') end
if not claim then return { answers, 1, {}, 0 } end
if not redis.call('ZSCORE', 'sancho:leases', claim.holder) then return { answers, 0, {}, 0 } end
local again = held_already()
if #again > 0 then return { answers, 1, again, kept() } end

local flat, taken = {}, 0
local function take(source, quota)
  local n = math.min(quota, claim.limit - taken)
  if n <= 0 or redis.call('SISMEMBER', 'paused', source.queue) == 1 then return end
  for _, bytes in ipairs(redis.call('RPOP', 'queue:' .. source.queue, n) or {}) do
    flat[#flat + 1] = string.format('%.0f', claim.first + taken)
    flat[#flat + 1] = now .. '\n' .. source.queue .. '\n' .. bytes
    taken = taken + 1
  end
end
for _, source in ipairs(claim.sources) do take(source, source.quota) end
if claim.fill == '1' then
  for _, source in ipairs(claim.sources) do take(source, claim.limit) end
end
if taken == 0 then return { answers, 1, flat, 0 } end
redis.call('HSET', 'sancho:flight:' .. claim.holder, unpack(flat))
redis.call('HSET', 'sancho:numbers', claim.holder, string.format('%.0f', claim.first + taken))
return { answers, 1, flat, kept() }
