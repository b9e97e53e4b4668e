-- Purpose: moves jobs as a person asked, each in one step if exactly its bytes are still where they were seen.
-- KEYS: none.
-- ARGV: count of proofs, each: key, jid, letter, place, bytes (see `index_believe`); count of jobs, each: jid, key,
--   letter and place where it was seen, bytes, from which end of a queue the way to it is shorter (1 the back, -1 the
--   front), letter of where it goes (Q to the back of a queue, S, R, D, G for nowhere), queue, score, new bytes.
-- Returns: one answer each: 1 done, 0 gone, the jid that holds its key, or a list with a jid that the index names for
--   its key and that could not be proved.
for _ = 1, tonumber(arg()) do index_believe(arg(), arg(), arg(), arg(), arg()) end

local ACT_SETS = { S = 'schedule', R = 'retry', D = 'dead', H = 'sancho:held' }
local jobs, checked = {}, {}
local function check(key, want)
  if not checked[key] then must_be(key, want) end
  checked[key] = true
end
check('sancho:keys', 'hash')
check('sancho:due', 'zset')
check('queues', 'set')
for k = 1, tonumber(arg()) do
  local job = { jid = arg(), key = arg(), from = arg(), place = arg(), bytes = arg() }
  job.way, job.to, job.queue, job.score, job.new = arg(), arg(), arg(), arg(), arg()
  if ACT_SETS[job.from] then check(ACT_SETS[job.from], 'zset') else check('queue:' .. job.place, 'list') end
  if ACT_SETS[job.to] then check(ACT_SETS[job.to], 'zset') end
  if job.to == 'Q' then check('queue:' .. job.queue, 'list') end
  jobs[k] = job
end

-- Who keeps a dead job from taking its key again, as an answer; nil where nobody does.
local function key_taken(job)
  if job.from ~= 'D' or job.to ~= 'Q' or job.key == '' then return nil end
  local holder, named, _, _, unproved = index_holder(job.key)
  if unproved then holder = named end
  -- An entry of its own, left by whoever buried it, keeps nobody out.
  if not holder or holder == job.jid then return nil end
  return unproved and { holder } or holder
end

-- Near the front as a rule; near the far end where the latest were looked at. Only what is far from both is searched
-- for through the queue, from where it should be the nearer.
local NEAR = 1000
local function take_from_queue(key, bytes, way)
  local near_front = redis.call('LPOS', key, bytes, 'RANK', -1, 'MAXLEN', NEAR)
  local from_back = not near_front and redis.call('LPOS', key, bytes, 'MAXLEN', NEAR)
  return redis.call('LREM', key, near_front and -1 or from_back and 1 or tonumber(way), bytes)
end

local function take_exactly(job)
  if job.from == 'Q' then return take_from_queue('queue:' .. job.place, job.bytes, job.way) end
  return redis.call('ZREM', ACT_SETS[job.from], index_member(job.from, job.place, job.bytes))
end

local function put_there(job)
  if job.to == 'G' then
    if job.jid ~= '' then redis.call('DEL', 'sancho:kept:' .. job.jid) end
  elseif job.to == 'Q' then
    redis.call('SADD', 'queues', job.queue)
    redis.call('LPUSH', 'queue:' .. job.queue, job.new)
  else
    redis.call('ZADD', ACT_SETS[job.to], job.score, job.new)
  end
end

local function follow(job)
  if job.to == 'S' or job.to == 'R' then
    due_put(job.jid, job.score)
  elseif job.from == 'S' or job.from == 'R' then
    due_drop(job.jid)
  end
  if job.to == 'G' or job.to == 'D' then
    index_drop(job.key, job.jid)
  elseif job.from == 'D' then
    index_put(job.key, job.jid, job.to, job.queue, job.new)
  else
    index_move(job.key, job.jid, job.to, job.queue, job.new)
  end
end

local answers = {}
for k, job in ipairs(jobs) do
  answers[k] = key_taken(job) or take_exactly(job)
  if answers[k] == 1 then
    put_there(job)
    follow(job)
  end
end
return answers
