-- Purpose: moves due jobs, each if it is still where it was read.
-- KEYS: none.
-- ARGV: count, then each job: jid, letter of its set, bytes as read, letter of its new place, where, score, new bytes.
-- Returns: moved to queues, buried, and the two lowest scores (schedule, retry), empty where nothing waits.
check_sets()
local moved, buried = 0, 0
for _ = 1, tonumber(arg()) do
  local jid, from, old, letter, where, score, bytes = arg(), arg(), arg(), arg(), arg(), arg(), arg()
  if redis.call('ZREM', SETS[from], old) == 1 then
    put(jid, letter, where, score, bytes)
    if letter == 'D' then buried = buried + 1 else moved = moved + 1 end
  end
end
local function lowest(key) return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or '' end
return { moved, buried, lowest('schedule'), lowest('retry') }
