-- Purpose: what every script of this store shares; put in front of each before it is loaded.
-- KEYS: none. Redis Cluster is out of reach anyway, since Sidekiq's own keys share no hash tag.
-- ARGV: read one by one with `arg()`, in the order that the script's own header gives.
-- Returns: nothing by itself.
--
-- Payloads are moved as bytes and never decoded. A job is told apart by the text `"jid":"…"` within its bytes;
-- the caller reads the payload and proves the match.

local cursor = 0
local function arg()
  cursor = cursor + 1
  return ARGV[cursor]
end

local SETS = { S = 'schedule', R = 'retry', D = 'dead', H = 'sancho:held' }
local CHUNK = 1000

local function must_be(key, want)
  local have = redis.call('TYPE', key).ok
  if have ~= 'none' and have ~= want then
    error('WRONGTYPE ' .. key .. ' is a ' .. have .. ', not a ' .. want)
  end
end

local function check_sets()
  for _, key in pairs(SETS) do must_be(key, 'zset') end
  must_be('queues', 'set')
  must_be('sancho:jobs', 'hash')
  must_be('sancho:keys', 'hash')
end

-- Jobs to be put in front, in the order of the call; `flush_fronts` pushes them last to first.
local fronts = {}

local function carries(bytes, jid)
  return string.find(bytes, '"jid":"' .. jid .. '"', 1, true) ~= nil
end

-- Cuts a value of an in-flight hash into start, queue and payload.
local function cut(value)
  local first = string.find(value, '\n', 1, true)
  local second = string.find(value, '\n', first + 1, true)
  return string.sub(value, 1, first - 1), string.sub(value, first + 1, second - 1), string.sub(value, second + 1)
end

-- Where a job is: state letter, place, bytes, and number or score. The index is a hint and is proved here.
local function locate(jid)
  local hint = redis.call('HGET', 'sancho:jobs', jid)
  if not hint then return nil end
  local letter, rest = string.sub(hint, 1, 1), string.sub(hint, 2)
  if letter ~= 'Q' then
    for _, bytes in ipairs(redis.call('ZRANGEBYSCORE', SETS[letter], rest, rest)) do
      if carries(bytes, jid) then return letter, SETS[letter], bytes, rest end
    end
    return nil
  end
  for _, front in ipairs(fronts) do
    if carries(front[2], jid) then return 'Q', front[1], front[2], '' end
  end
  -- A claim cannot move the hint along, as it does not know whose bytes it takes.
  for _, holder in ipairs(redis.call('SMEMBERS', 'sancho:holders')) do
    local flat = redis.call('HGETALL', 'sancho:flight:' .. holder)
    for k = 1, #flat, 2 do
      if carries(flat[k + 1], jid) then return 'B', holder, flat[k + 1], flat[k] end
    end
  end
  local key = 'queue:' .. rest
  local high = redis.call('LLEN', key) - 1
  while high >= 0 do
    local low = math.max(0, high - CHUNK + 1)
    local bytes = redis.call('LRANGE', key, low, high)
    for k = #bytes, 1, -1 do
      if carries(bytes[k], jid) then return 'Q', rest, bytes[k], '' end
    end
    high = low - 1
  end
  return nil
end

local function forget(jid)
  if jid == '' then return end
  redis.call('HDEL', 'sancho:jobs', jid)
  redis.call('HDEL', 'sancho:checkpoints', jid)
  redis.call('HDEL', 'sancho:why', jid)
end

local function free_key(key, jid)
  if key ~= '' and redis.call('HGET', 'sancho:keys', key) == jid then
    redis.call('HDEL', 'sancho:keys', key)
  end
end

-- Puts a job's bytes where `letter` says: B(ack), F(ront), S, R, D, H, or G(one).
local function put(jid, letter, where, score, bytes)
  local hint
  if letter == 'G' then return forget(jid) end
  if letter == 'B' or letter == 'F' then
    redis.call('SADD', 'queues', where)
    if letter == 'B' then
      redis.call('LPUSH', 'queue:' .. where, bytes)
    else
      fronts[#fronts + 1] = { where, bytes }
    end
    hint = 'Q' .. where
  else
    redis.call('ZADD', SETS[letter], score, bytes)
    hint = letter .. score
    if letter == 'H' and jid ~= '' then redis.call('HSET', 'sancho:why', jid, where) end
  end
  if jid ~= '' then redis.call('HSET', 'sancho:jobs', jid, hint) end
end

local function flush_fronts()
  for k = #fronts, 1, -1 do redis.call('RPUSH', 'queue:' .. fronts[k][1], fronts[k][2]) end
  fronts = {}
end

-- Takes a job's bytes out of its place; 1 if they were there.
local function take_out(letter, place, bytes)
  if letter == 'Q' then
    for k, front in ipairs(fronts) do
      if front[2] == bytes then table.remove(fronts, k) return 1 end
    end
    return redis.call('LREM', 'queue:' .. place, -1, bytes)
  end
  return redis.call('ZREM', SETS[letter], bytes)
end

local function takes_key(letter)
  return letter ~= 'G' and letter ~= 'D'
end

-- Reads one new job from ARGV (jid, key, on_conflict, pushed_by, letter, where, score, payload) and adds it.
local function push_one()
  local jid, key, conflict, by = arg(), arg(), arg(), arg()
  local letter, where, score, bytes = arg(), arg(), arg(), arg()
  if locate(jid) then return { 'R' } end
  local answer = { 'A' }
  if key ~= '' and takes_key(letter) then
    local holder = redis.call('HGET', 'sancho:keys', key)
    local state, place, held
    if holder then state, place, held = locate(holder) end
    if state and not (state == 'B' and by == holder) then
      if conflict == 'k' then return { 'K', holder, state } end
      if conflict == 'f' or state == 'B' then return { 'F', holder, state } end
      take_out(state, place, held)
      forget(holder)
      answer = { 'P', holder }
    end
    redis.call('HSET', 'sancho:keys', key, jid)
  end
  put(jid, letter, where, score, bytes)
  return answer
end
