-- Purpose: records a process, extends its lease, and answers with what it should know.
-- KEYS: none.
-- ARGV: incarnation, "1" for a first beat, end of the lease, count of fields, fields and values, count of claims,
--   claims (incarnation, number).
-- Returns: standing (1, 0), one 1 or 0 a claim (still held or not), orders oldest first, paused classes.
local who, hello, lease = arg(), arg(), arg()
local fields = {}
for k = 1, 2 * tonumber(arg()) do fields[k] = arg() end
local known = redis.call('ZSCORE', 'sancho:leases', who) or hello == '1'
local held = {}
for k = 1, tonumber(arg()) do
  local holder, number = arg(), arg()
  held[k] = known and redis.call('HEXISTS', 'sancho:flight:' .. holder, number) or 0
end
local classes = redis.call('SMEMBERS', 'sancho:paused-classes')
if not known then return { 0, held, {}, classes } end
redis.call('ZADD', 'sancho:leases', lease, who)
redis.call('SADD', 'sancho:holders', who)
if hello == '1' then redis.call('HSETNX', 'sancho:flight:' .. who, 'next', '1') end
redis.call('HSET', 'sancho:process:' .. who, unpack(fields))
local orders = redis.call('LRANGE', 'sancho:orders:' .. who, 0, -1)
if #orders > 0 then redis.call('DEL', 'sancho:orders:' .. who) end
return { 1, held, orders, classes }
