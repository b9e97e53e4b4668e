-- Purpose: adds a batch of jobs without keys, all or none, once.
-- KEYS: none.
-- ARGV: record key of this minute, of the minute before or "", first jid, seconds to keep the record; count of
--   keys to check, each: type, key; then whole writes: command, key, count, that many values. A batch of one write
--   needs no check: nothing was done when it fails.
-- Returns: 0 when the batch was pushed before, else 1.
local record, before, first = ARGV[1], ARGV[2], ARGV[3]
if before ~= '' and redis.call('SISMEMBER', before, first) == 1 then return 0 end
local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local have = redis.call('TYPE', ARGV[at + 1]).ok
  if have ~= 'none' and have ~= ARGV[at] then
    return redis.error_reply('WRONGTYPE ' .. ARGV[at + 1] .. ' holds a ' .. have .. ', not a ' .. ARGV[at])
  end
  at = at + 2
end
if redis.call('SADD', record, first) == 0 then return 0 end
if redis.call('SCARD', record) == 1 then redis.call('EXPIRE', record, ARGV[4]) end
local size = #ARGV
while at < size do
  local command, key, last, done = ARGV[at], ARGV[at + 1], at + 2 + ARGV[at + 2], nil
  if last == at + 3 then
    done = redis.pcall(command, key, ARGV[last])
  else
    for from = at + 3, last, 6000 do
      done = redis.pcall(command, key, unpack(ARGV, from, math.min(from + 5999, last)))
      if type(done) == 'table' then break end
    end
  end
  if type(done) == 'table' then
    redis.call('SREM', record, first)
    return redis.error_reply('WRONGTYPE ' .. key .. ' cannot be written to: move it away (' .. done.err .. ')')
  end
  at = last + 1
end
return 1
