-- Purpose: what each living process tells of itself: ours by their leases, and those of other programs.
-- KEYS: none.
-- ARGV: now in microseconds.
-- Returns: flat: identity, fields and values of its hash.
local flat = {}
local function tell(id)
  local fields = redis.pcall('HGETALL', id)
  flat[#flat + 1] = id
  flat[#flat + 1] = fields.err and {} or fields
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'sancho:leases', arg(), '+inf')) do tell(id) end
local listed = redis.pcall('SMEMBERS', 'processes')
if listed.err then listed = {} end
for _, id in ipairs(listed) do
  if not redis.call('ZSCORE', 'sancho:leases', id) then
    local told = redis.pcall('HMGET', id, 'info', 'sancho')
    -- One of ours without a lease is over, though its hash is still there for a while.
    if not told.err and told[1] and not told[2] then tell(id) end
  end
end
return flat
