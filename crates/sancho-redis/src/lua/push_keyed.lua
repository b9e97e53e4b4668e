-- Purpose: adds a batch of jobs, some with keys, one by one in order, all or none, once.
-- KEYS: none.
-- ARGV: record key of this minute, of the minute before, seconds to keep the record, first jid, number of jobs, each
--   job as `push_one` reads it, then proofs as `read_proofs` reads them.
-- Returns: 0 when the batch was pushed before; { "U", key, jid, … } for holders of keys that are not where the index
--   has them, and then nothing was done; else { "J", one answer a job }.
local record, before, seconds, first, count = arg(), arg(), arg(), arg(), tonumber(arg())
must_be(record, 'set')
must_be(before, 'set')
if redis.call('SISMEMBER', record, first) == 1 or redis.call('SISMEMBER', before, first) == 1 then return 0 end
local start = cursor
cursor = start + 8 * count
read_proofs()
local unproved = { 'U' }
cursor = start
for _ = 1, count do look_at_one(unproved) end
if #unproved > 1 then return unproved end

redis.call('SADD', record, first)
if redis.call('SCARD', record) == 1 then redis.call('EXPIRE', record, seconds) end
local answers = { 'J' }
cursor = start
for k = 1, count do answers[k + 1] = push_one() end
flush_fronts()
return answers
