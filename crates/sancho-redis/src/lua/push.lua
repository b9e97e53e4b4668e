-- Purpose: adds batches of jobs without keys, all or none, once.
-- KEYS: none.
-- ARGV: record key of this minute, of the minute before or "", seconds to keep the record, count of batches; the first
--   jid of each, no two the same; count of keys to check, each: type, key; then whole writes: command, key, count, that
--   many values. One batch of one write needs no check: nothing was done when it fails.
-- Returns: 1 when all were pushed; 0 when the only one was pushed before; 2 when one of several was, or could not be
--   pushed, and nothing was done: each has to come alone then.
local record, before, batches = ARGV[1], ARGV[2], tonumber(ARGV[4])
local last_jid = 4 + batches
if batches == 1 then
  if before ~= '' and redis.call('SISMEMBER', before, ARGV[5]) == 1 then return 0 end
else
  for minute = 1, before ~= '' and 2 or 1 do
    local known = redis.call('SMISMEMBER', ARGV[minute], unpack(ARGV, 5, last_jid))
    for k = 1, batches do
      if known[k] == 1 then return 2 end
    end
  end
end
local at = last_jid + 2
for _ = 1, tonumber(ARGV[last_jid + 1]) do
  local have = redis.pcall('TYPE', ARGV[at + 1])
  if have.ok ~= 'none' and have.ok ~= ARGV[at] then
    if batches > 1 then return 2 end
    if have.err then return have end
    return redis.error_reply('WRONGTYPE ' .. ARGV[at + 1] .. ' holds a ' .. have.ok .. ', not a ' .. ARGV[at])
  end
  at = at + 2
end
if redis.call('SADD', record, unpack(ARGV, 5, last_jid)) == 0 then return 0 end
if redis.call('SCARD', record) == batches then redis.call('EXPIRE', record, ARGV[3]) end
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
    redis.call('SREM', record, unpack(ARGV, 5, last_jid))
    if string.sub(done.err, 1, 9) ~= 'WRONGTYPE' then return done end
    return redis.error_reply('WRONGTYPE ' .. key .. ' cannot be written to: move it away (' .. done.err .. ')')
  end
  at = last + 1
end
return 1
