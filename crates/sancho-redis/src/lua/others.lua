-- Purpose: processes of other programs that live and say that they run something.
-- KEYS: none.
-- ARGV: how many to name at most.
-- Returns: identities, in no order.
local most, found = tonumber(arg()), {}
local listed = redis.pcall('SMEMBERS', 'processes')
for _, id in ipairs(listed.err and {} or listed) do
  if #found >= most then break end
  -- As `processes.lua` has them: who tells of itself and is none of ours.
  local told = redis.pcall('HMGET', id, 'info', 'sancho', 'busy')
  if not told.err and told[1] and not told[2] and told[3] ~= '0' then found[#found + 1] = id end
end
return found
