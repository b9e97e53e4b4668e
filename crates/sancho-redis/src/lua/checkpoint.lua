-- Purpose: keeps what running jobs want kept, each if its claim is still held.
-- KEYS: none.
-- ARGV: seconds to keep it, count, then each: incarnation, number, jid, bytes.
-- Returns: one 1 or 0 each: kept, or not.
local seconds = arg()
local answers, any = {}, false
for k = 1, tonumber(arg()) do
  local who, number, jid, bytes = arg(), arg(), arg(), arg()
  local held = redis.call('HMGET', 'sancho:flight:' .. who, 'next', number)
  answers[k] = 0
  if jid ~= '' and held[1] and held[2] then
    redis.call('SET', 'sancho:kept:' .. jid, bytes, 'EX', seconds)
    answers[k], any = 1, true
  end
end
-- While this is there, claims look for what their jobs kept.
if any then redis.call('SET', 'sancho:kept', '1', 'EX', seconds) end
return answers
