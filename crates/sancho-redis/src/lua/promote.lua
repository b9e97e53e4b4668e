-- Purpose: moves due jobs, each if it is still where it was read.
-- KEYS: none.
-- ARGV: count, then each job: jid, key, letter of its set, bytes as read, letter of its new place, where, score, new
--   bytes.
-- Returns: moved to queues, buried, and the two lowest scores (schedule, retry), empty where nothing waits.
for _, key in ipairs({ 'schedule', 'retry', 'sancho:due', 'dead' }) do must_be(key, 'zset') end
must_be('queues', 'set')
must_be('sancho:keys', 'hash')
local moved, buried, broken = 0, 0, nil
for _ = 1, tonumber(arg()) do
  local jid, key, from, old, letter, where, score, bytes = arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local kind = letter == 'B' and redis.call('TYPE', 'queue:' .. where).ok or 'none'
  if kind ~= 'none' and kind ~= 'list' then
    broken = where
  elseif redis.call('ZREM', SETS[from], old) == 1 then
    due_drop(jid)
    put(jid, letter, where, score, bytes)
    move_key(key, jid, letter, where, bytes)
    if letter == 'D' then buried = buried + 1 else moved = moved + 1 end
  end
end
if broken and moved + buried == 0 then
  return redis.error_reply('WRONGTYPE queue:' .. broken .. ' holds no list: move it away')
end
local function lowest(key) return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or '' end
return { moved, buried, lowest('schedule'), lowest('retry') }
