-- Purpose: which job holds a key, proved by the data, and when a waiting job is due. Stands behind the shared part of
--   every script that moves jobs with a key or jobs that wait. Needs nothing of that part.
-- KEYS: none.
-- ARGV: none by itself.
-- Returns: nothing by itself.
--
-- `sancho:keys` has for a key `<jid>\n<letter>\n<place>\n<bytes>`. Letters and places: S (schedule) and R (retry) have
-- no place; Q has the queue's name; H (held) has the reason, as it stands before the bytes in `sancho:held`. The bytes
-- are the payload. A claim does not touch the index, since it does not know whose bytes it takes: an entry with Q
-- whose bytes are in a flight hash is a busy job.
--
-- Every function that reads uses pcall: a key of the wrong type holds no job.

local INDEX_SETS = { S = 'schedule', R = 'retry', H = 'sancho:held' }

-- What the caller found for entries that a first call could not prove: key -> jid, letter ('-': nowhere), place, bytes.
local index_proofs = {}

-- Cuts an entry into jid, letter, place and bytes.
local function index_cut(value)
  local a = string.find(value, '\n', 1, true)
  local b = a and string.find(value, '\n', a + 1, true)
  local c = b and string.find(value, '\n', b + 1, true)
  if not c then return nil end
  return string.sub(value, 1, a - 1), string.sub(value, a + 1, b - 1), string.sub(value, b + 1, c - 1),
    string.sub(value, c + 1)
end

-- The member of a sorted set that a job's bytes make.
local function index_member(letter, place, bytes)
  if letter == 'H' then return place .. '\n' .. bytes end
  return bytes
end

-- The number of the claim in a holder's flight hash that has exactly these bytes, and its value; or nil.
local function index_flight(holder, bytes)
  local flat = redis.pcall('HGETALL', 'sancho:flight:' .. holder)
  for k = 1, flat.err and 0 or #flat, 2 do
    local value = flat[k + 1]
    if string.sub(value, -#bytes) == bytes then
      local first = string.find(value, '\n', 1, true)
      local second = first and string.find(value, '\n', first + 1, true)
      if second and #value - second == #bytes then return flat[k], value end
    end
  end
  return nil
end

-- Who has exactly these bytes in flight: incarnation and number, or nil.
local function index_busy(bytes)
  local holders = redis.pcall('SMEMBERS', 'sancho:holders')
  for k = 1, holders.err and 0 or #holders do
    local number = index_flight(holders[k], bytes)
    if number then return holders[k], number end
  end
  return nil
end

-- Whether exactly these bytes stand there: letter and place, as a busy job has moved on; or nil.
local function index_stands(letter, place, bytes)
  if letter == 'B' then
    if index_flight(place, bytes) then return 'B', place end
    return nil
  end
  local set = INDEX_SETS[letter]
  if set then
    local score = redis.pcall('ZSCORE', set, index_member(letter, place, bytes))
    if score and not score.err then return letter, place end
    return nil
  end
  if letter ~= 'Q' then return nil end
  -- The flights first: they are as many as there are slots, and a queue may be long.
  local holder = index_busy(bytes)
  if holder then return 'B', holder end
  local at = redis.pcall('LPOS', 'queue:' .. place, bytes)
  if type(at) == 'number' then return 'Q', place end
  return nil
end

-- Makes a job the holder of a key, whoever held it before.
local function index_put(key, jid, letter, place, bytes)
  if key == '' or jid == '' then return end
  redis.call('HSET', 'sancho:keys', key, jid .. '\n' .. letter .. '\n' .. place .. '\n' .. bytes)
end

-- The jid that the index names for a key, unproved; nil where it names none.
local function index_jid(key)
  local value = redis.pcall('HGET', 'sancho:keys', key)
  if not value or value.err then return nil end
  return index_cut(value)
end

-- Lets a job's own entry follow it to where it goes. A job whose key passed on has none, and gets none here.
local function index_move(key, jid, letter, place, bytes)
  if key ~= '' and index_jid(key) == jid then index_put(key, jid, letter, place, bytes) end
end

-- Frees a key, if this job holds it.
local function index_drop(key, jid)
  if key ~= '' and index_jid(key) == jid then redis.call('HDEL', 'sancho:keys', key) end
end

-- Takes in what the caller found for a key's holder: where its bytes stand now, or letter '-' where it is nowhere.
local function index_believe(key, jid, letter, place, bytes)
  index_proofs[key] = { jid, letter, place, bytes }
end

-- Who holds a key: nil where nobody does, else jid, letter (S, R, H, Q or B), place (B: the incarnation) and bytes, all
-- proved; or 'unproved', jid, letter, place, bytes when the bytes are nowhere the index knows of: the caller then
-- searches for the jid and calls again with what it found (`index_believe`). A proof that holds re-points the entry.
local function index_holder(key)
  if key == '' then return nil end
  local value = redis.pcall('HGET', 'sancho:keys', key)
  if not value or value.err then return nil end
  local jid, letter, place, bytes = index_cut(value)
  if not jid then return nil end
  local now, there = index_stands(letter, place, bytes)
  if now then return jid, now, there, bytes end
  local proof = index_proofs[key]
  if proof and proof[1] == jid then
    if proof[2] == '-' then return nil end
    now, there = index_stands(proof[2], proof[3], proof[4])
    if now then
      if now ~= 'B' then index_put(key, jid, now, there, proof[4]) end
      return jid, now, there, proof[4]
    end
  end
  return 'unproved', jid, letter, place, bytes
end

-- Notes when a waiting job is due, so that it is found by its jid.
local function due_put(jid, score)
  if jid ~= '' then redis.call('ZADD', 'sancho:due', score, jid) end
end

-- Forgets when a job was due.
local function due_drop(jid)
  if jid ~= '' then redis.call('ZREM', 'sancho:due', jid) end
end
