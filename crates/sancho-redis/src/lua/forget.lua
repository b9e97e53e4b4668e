-- Purpose: forgets a queue that is empty.
-- KEYS: none.
-- ARGV: queue.
-- Returns: 1 if it was forgotten, or unknown, else 0.
local queue = arg()
if redis.call('EXISTS', 'queue:' .. queue) == 1 then return 0 end
redis.call('SREM', 'queues', queue)
return 1
