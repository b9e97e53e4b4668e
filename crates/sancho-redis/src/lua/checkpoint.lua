-- Purpose: keeps what running jobs want kept, each if its claim is still held.
-- KEYS: none.
-- ARGV: count, then each: incarnation, number, jid, bytes.
-- Returns: one 1 or 0 each: kept, or not.
local answers = {}
for k = 1, tonumber(arg()) do
  local who, number, jid, bytes = arg(), arg(), arg(), arg()
  answers[k] = 0
  if jid ~= '' and redis.call('ZSCORE', 'sancho:leases', who)
    and redis.call('HEXISTS', 'sancho:flight:' .. who, number) == 1 then
    redis.call('HSET', 'sancho:checkpoints', jid, bytes)
    answers[k] = 1
  end
end
return answers
