-- Purpose: the end of a transaction that has pushed batches of jobs without keys to the far ends of queues: records the
--   batches, or takes all these jobs out again.
-- KEYS: none.
-- ARGV: record key of this minute, of the minute before or "", seconds to keep the record, count of batches; the first
--   jid of each, no two the same; then queues and how many jobs were pushed to each, in turns.
-- Returns: 1 when all were pushed; 0 when the only one was pushed before; 2 when one of several was, or could not be
--   pushed: each has to come alone then. Unless it is 1, nothing is changed.
local record, before, batches = ARGV[1], ARGV[2], tonumber(ARGV[4])
local last_jid = 4 + batches

-- Nobody comes between the commands of a transaction: what was pushed is still in front at the left.
local function undo(answer)
  for at = last_jid + 1, #ARGV, 2 do redis.pcall('LTRIM', 'queue:' .. ARGV[at], ARGV[at + 1], -1) end
  return answer
end

local queues = {}
for at = last_jid + 1, #ARGV, 2 do
  local key = 'queue:' .. ARGV[at]
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'list' then
    return undo(batches > 1 and 2 or redis.error_reply('WRONGTYPE ' .. key .. ' holds a ' .. kind .. ', not a list: move it away'))
  end
  queues[#queues + 1] = ARGV[at]
end
for minute = 1, before ~= '' and 2 or 1 do
  local known = redis.pcall('SMISMEMBER', ARGV[minute], unpack(ARGV, 5, last_jid))
  if known.err then return undo(known) end
  for k = 1, batches do
    if known[k] == 1 then return undo(batches > 1 and 2 or 0) end
  end
end
local named = redis.pcall('SADD', 'queues', unpack(queues))
if type(named) == 'table' then return undo(named) end
redis.call('SADD', record, unpack(ARGV, 5, last_jid))
if redis.call('SCARD', record) == batches then redis.call('EXPIRE', record, ARGV[3]) end
return 1
