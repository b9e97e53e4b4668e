-- Purpose: makes an incarnation unknown; what it holds stays for others to take over.
-- KEYS: none.
-- ARGV: incarnation.
-- Returns: nothing.
local who = arg()
redis.call('ZREM', 'sancho:leases', who)
redis.call('HDEL', 'sancho:numbers', who)
redis.call('DEL', 'sancho:process:' .. who, 'sancho:orders:' .. who)
if redis.call('EXISTS', 'sancho:flight:' .. who) == 0 then redis.call('SREM', 'sancho:holders', who) end
