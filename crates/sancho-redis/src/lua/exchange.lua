-- Purpose: the common exchange: one incarnation settles jobs that need nothing but to go, and claims. Kept short and
--   without functions, since it is what a busy Redis runs; everything else is for `settle.lua`.
-- KEYS: none.
-- ARGV: flight hash, count of settlements, limit of the claim, "1" to fill, count of sources; processed and failed of
--   each settlement, of all of them; day of the counters (YYYY-MM-DD), the day's number; each source: key, name, quota,
--   start of its in-flight values; the numbers settled; then, for a claim, its numbers from the first, one more than
--   the limit.
-- Returns: 0 when the incarnation is unknown, or its fence is no number; 2 when a claim number was reached before, and nothing was done; else
--   payloads, then for each run of them its source (from 0) and length, then the count of runs, whether a checkpoint is
--   kept anywhere, and 1 when every settlement had its claim, else 0.
local flight, settled, limit, sources = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
local reached = tonumber(redis.call('HGET', flight, 'next') or '')
if not reached then return 0 end
local numbers = 12 + 4 * sources + settled
if limit > 0 and tonumber(ARGV[numbers]) < reached then return 2 end

local gone = settled
if settled > 0 then
  gone = redis.call('HDEL', flight, unpack(ARGV, numbers - settled, numbers - 1))
  for k = 6, 7 do
    local by, name = ARGV[k + 2], k == 6 and 'stat:processed' or 'stat:failed'
    -- These were never settled before, so only a store that lost data has fewer of them.
    if gone < settled then by = tostring(gone * ARGV[k]) end
    -- A counter that somebody broke stops no job.
    if by ~= '0' then
      redis.pcall('INCRBY', name, by)
      local key = name .. ':' .. ARGV[10]
      if redis.pcall('INCRBY', key, by) == tonumber(by) then
        redis.pcall('EXPIRE', key, 157680000)
        redis.pcall('ZADD', 'sancho:days', ARGV[11], ARGV[10])
      end
    end
  end
end
local all = gone == settled and 1 or 0
if limit == 0 then return { 0, 0, all } end

local kept, paused = 0, nil
if redis.call('EXISTS', 'paused', 'sancho:kept') > 0 then
  kept = redis.call('EXISTS', 'sancho:kept')
  local names = {}
  for k = 1, sources do names[k] = ARGV[9 + 4 * k] end
  if sources > 0 then paused = redis.pcall('SMISMEMBER', 'paused', unpack(names)) end
end

local payloads, flat, runs, taken, broken = nil, nil, nil, 0, nil
-- First each source's quota, then, if there is room to fill, all that a source has.
for at = 1, ARGV[4] == '1' and 2 * sources or sources do
  local source = at <= sources and at or at - sources
  local arg = 8 + 4 * source
  local quota = at <= sources and tonumber(ARGV[arg + 2]) or limit
  if quota > limit - taken then quota = limit - taken end
  if quota > 0 and not (paused and paused[source] == 1) then
    local jobs = redis.pcall('RPOP', ARGV[arg], quota)
    if jobs and jobs.err then
      broken = ARGV[arg]
    elseif jobs then
      local count, start = #jobs, ARGV[arg + 3]
      if not payloads then
        -- A table of the right size from the start, to be written over: growing one costs more than all it holds.
        payloads, runs, flat = jobs, {}, { unpack(ARGV, 1, 2 * limit + 2) }
      end
      for k = 1, count do
        flat[2 * (taken + k) - 1] = ARGV[numbers + taken + k - 1]
        flat[2 * (taken + k)] = start .. jobs[k]
      end
      if payloads ~= jobs then
        for k = 1, count do payloads[taken + k] = jobs[k] end
      end
      taken = taken + count
      runs[#runs + 1] = source - 1
      runs[#runs + 1] = count
    end
  end
end
if taken == 0 then
  if broken and settled == 0 then return redis.error_reply('WRONGTYPE ' .. broken .. ' holds no list: move it away') end
  return { 0, 0, all }
end
flat[2 * taken + 1] = 'next'
flat[2 * taken + 2] = ARGV[numbers + taken]
redis.call('HSET', flight, unpack(flat, 1, 2 * taken + 2))
for k = 1, #runs do payloads[taken + k] = runs[k] end
local size = taken + #runs
payloads[size + 1] = #runs / 2
payloads[size + 2] = kept
payloads[size + 3] = all
return payloads
