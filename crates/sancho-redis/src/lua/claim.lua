-- Purpose: the half of `settle.lua` that needs no places: settles in groups what needs nothing but to go, counts, and
--   claims.
-- KEYS: none.
-- ARGV: now in microseconds, day of the counters (YYYY-MM-DD), the day's number; count of groups, each: incarnation,
--   processed and failed of each settlement, count, numbers; then "1" and a claim, or "0". A claim: incarnation, first
--   number, "1" if repeated, limit, "1" to fill, count of sources, each source: queue, quota; then the numbers from
--   the first, one more than the limit. What follows is for `settle.lua`.
-- Returns: nothing by itself.
--
-- The field `next` of a flight hash is there exactly while its incarnation is known: it is the fence, and tells a
-- number that was given from one that was not.

local now, day = ARGV[1], ARGV[2]
local next_arg = 5

local ends = {}
-- One more than the highest number given to an incarnation; false when it is unknown.
local function numbers_end(holder)
  local known = ends[holder]
  if known == nil then
    known = redis.call('HGET', 'sancho:flight:' .. holder, 'next')
    if known and not tonumber(known) then known = false end
    ends[holder] = known
  end
  return known
end

local groups = {}
for k = 1, tonumber(ARGV[4]) do
  local count = tonumber(ARGV[next_arg + 3])
  groups[k] = { ARGV[next_arg], ARGV[next_arg + 1], ARGV[next_arg + 2], next_arg + 4, next_arg + 3 + count }
  numbers_end(ARGV[next_arg])
  next_arg = next_arg + 4 + count
end

local claim
if ARGV[next_arg] == '1' then
  claim = { holder = ARGV[next_arg + 1], first = ARGV[next_arg + 2], repeated = ARGV[next_arg + 3] == '1' }
  claim.limit, claim.fill = tonumber(ARGV[next_arg + 4]), ARGV[next_arg + 5] == '1'
  claim.sources, next_arg = tonumber(ARGV[next_arg + 6]), next_arg + 7
  claim.source_args, next_arg = next_arg, next_arg + 2 * claim.sources
  claim.numbers, next_arg = next_arg, next_arg + claim.limit + 1
  numbers_end(claim.holder)
else
  next_arg = next_arg + 1
end

-- Whether the claim's first number was reached before: only then may any of its numbers be held.
local function was_reached()
  local reached = ends[claim.holder]
  return reached and claim.limit > 0 and tonumber(claim.first) < tonumber(reached)
end

-- What is held already of the claim's numbers, flat: number, value.
local function held_already()
  local held = {}
  if not was_reached() then return held end
  local last = claim.numbers + claim.limit - 1
  local values = redis.call('HMGET', 'sancho:flight:' .. claim.holder, unpack(ARGV, claim.numbers, last))
  for k = 1, claim.limit do
    if values[k] then
      held[#held + 1] = ARGV[claim.numbers + k - 1]
      held[#held + 1] = values[k]
    end
  end
  return held
end

local function given_twice()
  return claim and not claim.repeated and #held_already() > 0
end

-- One letter a group: S, A or L; what is counted is added up.
local processed, failed = 0, 0
local function settle_groups()
  local letters = {}
  for k, group in ipairs(groups) do
    if not ends[group[1]] then
      letters[k] = 'L'
    else
      local gone, flight = 0, 'sancho:flight:' .. group[1]
      for from = group[4], group[5], 6000 do
        gone = gone + redis.call('HDEL', flight, unpack(ARGV, from, math.min(from + 5999, group[5])))
      end
      -- These were never settled before, so only a store that lost data has fewer of them.
      letters[k] = gone == group[5] - group[4] + 1 and 'S' or 'A'
      processed, failed = processed + gone * group[2], failed + gone * group[3]
    end
  end
  return table.concat(letters)
end

local function count_one(name, by)
  if by == 0 then return end
  -- A counter that somebody broke stops no job.
  redis.pcall('INCRBY', 'stat:' .. name, by)
  local key = 'stat:' .. name .. ':' .. day
  if redis.pcall('INCRBY', key, by) == by then
    redis.pcall('EXPIRE', key, 157680000)
    redis.pcall('ZADD', 'sancho:days', ARGV[3], day)
  end
end

local function count()
  count_one('processed', processed)
  count_one('failed', failed)
end

-- Claims, and makes the script's answer: letters of the settlements in order; 1 (good), 0 (lost) or 2 (the claims are
-- those of an earlier call); whether a checkpoint is kept anywhere; then, for 1, the count of runs, each run's source
-- (from 0) and length, and the payloads; for 2 numbers and values of the flight hash.
local function answer(letters)
  if not claim then return { letters, 1, 0, 0 } end
  if not ends[claim.holder] then return { letters, 0, 0, 0 } end
  if was_reached() then
    local again = held_already()
    if #again > 0 then return { letters, 2, redis.call('EXISTS', 'sancho:kept'), unpack(again) } end
  end

  local kept, paused = 0, nil
  if redis.call('EXISTS', 'paused', 'sancho:kept') > 0 then
    kept = redis.call('EXISTS', 'sancho:kept')
    local queues = {}
    for k = 1, claim.sources do queues[k] = ARGV[claim.source_args + 2 * k - 2] end
    if claim.sources > 0 then paused = redis.pcall('SMISMEMBER', 'paused', unpack(queues)) end
  end

  local flat, payloads, runs, taken, dry, broken = {}, {}, {}, 0, {}, nil
  local function take(source, quota)
    local room = claim.limit - taken
    if quota > room then quota = room end
    if quota <= 0 or dry[source] or (paused and paused[source] == 1) then return end
    local queue = ARGV[claim.source_args + 2 * source - 2]
    local jobs = redis.pcall('RPOP', 'queue:' .. queue, quota)
    if not jobs or jobs.err then
      dry[source] = true
      if jobs then broken = queue end
      return
    end
    if #jobs < quota then dry[source] = true end
    local prefix = now .. '\n' .. queue .. '\n'
    for k = 1, #jobs do
      flat[2 * taken + 1] = ARGV[claim.numbers + taken]
      flat[2 * taken + 2] = prefix .. jobs[k]
      taken = taken + 1
      payloads[taken] = jobs[k]
    end
    runs[#runs + 1] = source - 1
    runs[#runs + 1] = #jobs
  end
  for source = 1, claim.sources do
    local quota = ARGV[claim.source_args + 2 * source - 1]
    if quota ~= '0' then take(source, tonumber(quota)) end
  end
  if claim.fill then
    for source = 1, claim.sources do take(source, claim.limit) end
  end
  if taken == 0 then
    if broken and letters == '' then
      return redis.error_reply('WRONGTYPE queue:' .. broken .. ' holds no list: move it away')
    end
    return { letters, 1, 0, 0 }
  end
  local next_number = ARGV[claim.numbers + taken]
  if tonumber(next_number) > tonumber(ends[claim.holder]) then
    flat[2 * taken + 1] = 'next'
    flat[2 * taken + 2] = next_number
  end
  redis.call('HSET', 'sancho:flight:' .. claim.holder, unpack(flat))
  local reply = { letters, 1, kept, #runs / 2, unpack(runs) }
  local size = #reply
  for k = 1, taken do reply[size + k] = payloads[k] end
  return reply
end
