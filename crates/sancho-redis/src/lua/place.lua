-- Purpose: puts jobs into their places and takes them out, with their keys and the times that they are due.
--   Stands behind the shared part and the index.
-- KEYS: none.
-- ARGV: as `push_one` says.
-- Returns: nothing by itself.
--
-- Letters of places to go to: B (back of a queue), F (front), S (schedule), R (retry), D (dead), H (held), G (gone).
-- `where` is the queue of B and F, and the reason of H.

local SETS = { S = 'schedule', R = 'retry', D = 'dead', H = 'sancho:held' }

local function in_queue(letter) return letter == 'B' or letter == 'F' end
local function takes_key(letter) return letter ~= 'G' and letter ~= 'D' end

-- Checks the keys that putting a job there will write.
local function check_place(letter, where)
  if in_queue(letter) then
    must_be('queues', 'set')
    must_be('queue:' .. where, 'list')
  elseif letter ~= 'G' then
    must_be(SETS[letter], 'zset')
    if letter == 'S' or letter == 'R' then must_be('sancho:due', 'zset') end
  end
end

-- Jobs to be put in front, in the order of the call; `flush_fronts` pushes them last to first.
local fronts = {}

local function put(jid, letter, where, score, bytes)
  if letter == 'G' then return end
  if in_queue(letter) then
    redis.call('SADD', 'queues', where)
    if letter == 'B' then
      redis.call('LPUSH', 'queue:' .. where, bytes)
    else
      fronts[#fronts + 1] = { where, bytes }
    end
    return
  end
  if letter == 'H' then bytes = where .. '\n' .. bytes end
  redis.call('ZADD', SETS[letter], score, bytes)
  if letter == 'S' or letter == 'R' then due_put(jid, score) end
end

local function flush_fronts()
  for k = #fronts, 1, -1 do redis.call('RPUSH', 'queue:' .. fronts[k][1], fronts[k][2]) end
  fronts = {}
end

-- Takes a job's bytes out of its place (Q, S, R, D or H, as the index has them); 1 if they were there.
local function take_out(jid, letter, place, bytes)
  if letter == 'Q' then
    for k, front in ipairs(fronts) do
      if front[2] == bytes and front[1] == place then
        table.remove(fronts, k)
        return 1
      end
    end
    return redis.call('LREM', 'queue:' .. place, -1, bytes)
  end
  if letter == 'S' or letter == 'R' then due_drop(jid) end
  return redis.call('ZREM', SETS[letter], index_member(letter, place, bytes))
end

-- Who holds each key that the call is about: false, or { jid, letter, place, bytes }. Proved once, before the first
-- write, and kept right from then on.
local holders = {}

-- Proves a key's holder. When it cannot, the key and the jid are added to `unproved`.
local function prove(key, unproved)
  if key == '' or holders[key] ~= nil then return end
  must_be('sancho:keys', 'hash')
  local jid, letter, place, bytes, rest = index_holder(key)
  if jid == 'unproved' and rest then
    unproved[#unproved + 1] = key
    unproved[#unproved + 1] = letter
  end
  holders[key] = jid and { jid, letter, place, bytes } or false
end

-- Lets a job's key follow the job, or frees it; nothing happens where another job holds the key.
local function move_key(key, jid, letter, where, bytes)
  if key == '' or jid == '' or index_jid(key) ~= jid then return end
  if not takes_key(letter) then
    index_drop(key, jid)
    holders[key] = false
    return
  end
  if in_queue(letter) then letter = 'Q' end
  index_put(key, jid, letter, where, bytes)
  holders[key] = { jid, letter, where, bytes }
end

-- Looks at one new job in ARGV without adding it: checks its place and proves its key.
local function look_at_one(unproved)
  local key, letter, where = ARGV[cursor + 2], ARGV[cursor + 5], ARGV[cursor + 6]
  cursor = cursor + 8
  check_place(letter, where)
  if takes_key(letter) then prove(key, unproved) end
end

-- Reads one new job from ARGV (jid, key, on_conflict, pushed_by, letter, where, score, payload) and adds it.
-- Answers A (added), R (it is there), or { K, holder, state }, { F, holder, state }, { P, holder }: kept, refused
-- and replaced.
local function push_one()
  local jid, key, conflict, by = arg(), arg(), arg(), arg()
  local letter, where, score, bytes = arg(), arg(), arg(), arg()
  local answer = 'A'
  if key ~= '' and takes_key(letter) then
    local holder = holders[key]
    if holder and holder[1] == jid then return 'R' end
    if holder and not (holder[2] == 'B' and by == holder[1]) then
      if conflict == 'k' then return { 'K', holder[1], holder[2] } end
      if conflict == 'f' or holder[2] == 'B' then return { 'F', holder[1], holder[2] } end
      take_out(holder[1], holder[2], holder[3], holder[4])
      redis.call('DEL', 'sancho:kept:' .. holder[1])
      answer = { 'P', holder[1] }
    end
    local place = in_queue(letter) and 'Q' or letter
    index_put(key, jid, place, where, bytes)
    holders[key] = { jid, place, where, bytes }
  end
  put(jid, letter, where, score, bytes)
  return answer
end

-- Reads what the caller found for keys that an earlier try could not prove: count, then each: key, jid, letter, place,
-- bytes.
local function read_proofs()
  for _ = 1, tonumber(arg()) do
    local key, jid, letter, place, bytes = arg(), arg(), arg(), arg(), arg()
    index_believe(key, jid, letter, place, bytes)
  end
end
