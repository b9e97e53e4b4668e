-- Purpose: adds a batch of jobs without keys, all or none, once.
-- KEYS: none.
-- ARGV: record key of this minute, of the minute before, first jid, seconds to remember; then whole writes: command
--   (LPUSH, RPUSH, ZADD), key, count, that many values; and "SADD", "queues", count, names where jobs go to queues.
-- Returns: 0 when the batch was pushed before, else 1.
local READS = { LPUSH = 'LLEN', RPUSH = 'LLEN', ZADD = 'ZCARD', SADD = 'SCARD' }
local CHUNK = 6000

-- A read of the right kind costs no more than a look at the type, and may be of use.
local function check(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) == 'table' and answer.err then
    error({ err = 'WRONGTYPE ' .. key .. ' holds a ' .. redis.call('TYPE', key).ok .. ': move it away' })
  end
  return answer
end

local record, first = ARGV[1], ARGV[3]
if check('SISMEMBER', record, first) == 1 or check('SISMEMBER', ARGV[2], first) == 1 then return 0 end
local new_queue = true
local at = 5
while at < #ARGV do
  local command, count = ARGV[at], tonumber(ARGV[at + 2])
  if command == 'SADD' and count == 1 then
    new_queue = check('SISMEMBER', 'queues', ARGV[at + 3]) == 0
  else
    check(READS[command], ARGV[at + 1])
  end
  at = at + 3 + count
end

redis.call('SADD', record, first)
if redis.call('SCARD', record) == 1 then redis.call('EXPIRE', record, ARGV[4]) end
at = 5
while at < #ARGV do
  local command, key, last = ARGV[at], ARGV[at + 1], at + 2 + tonumber(ARGV[at + 2])
  if command ~= 'SADD' or new_queue then
    for from = at + 3, last, CHUNK do
      redis.call(command, key, unpack(ARGV, from, math.min(from + CHUNK - 1, last)))
    end
  end
  at = last + 1
end
return 1
