-- Purpose: moves due jobs, each if it is still where it was read. One that would go to a key of another type stays.
-- KEYS: none.
-- ARGV: count, then each job: jid, key, letter of its set, bytes as read, letter of its new place, where, score, new
--   bytes.
-- Returns: moved to queues, buried, the two lowest scores (schedule, retry), empty where nothing waits; how many stayed
--   in `schedule` and in `retry`, and what is wrong with a key that they would go to, or "".
must_be('sancho:due', 'zset')
must_be('queues', 'set')
must_be('sancho:keys', 'hash')
local moved, buried, stayed, broken = 0, 0, { S = 0, R = 0 }, ''
for _ = 1, tonumber(arg()) do
  local jid, key, from, old, letter, where, score, bytes = arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local goal, want = 'dead', 'zset'
  if letter == 'B' then goal, want = 'queue:' .. where, 'list' end
  local have = redis.call('TYPE', goal).ok
  if have ~= 'none' and have ~= want then
    stayed[from] = stayed[from] + 1
    broken = 'WRONGTYPE ' .. goal .. ' holds a ' .. have .. ', not a ' .. want .. ': move it away'
  elseif redis.call('ZREM', SETS[from], old) == 1 then
    due_drop(jid)
    put(jid, letter, where, score, bytes)
    move_key(key, jid, letter, where, bytes)
    if letter == 'D' then buried = buried + 1 else moved = moved + 1 end
  end
end
local function lowest(key) return redis.pcall('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or '' end
return { moved, buried, lowest('schedule'), lowest('retry'), stayed.S, stayed.R, broken }
