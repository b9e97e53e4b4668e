-- Purpose: how much there is, for the scripts that tell of it; put in front of those, behind what all share.
-- KEYS: none.
-- ARGV: none.
-- Returns: nothing by itself.
--
-- A key of the wrong type counts for nothing: one broken key hides no other total.
local function count(...)
  local n = redis.pcall(...)
  return type(n) == 'number' and n or 0
end

local function each(key)
  local members = redis.pcall('SMEMBERS', key)
  return members.err and {} or members
end

-- Enqueued, scheduled, retries, dead.
local function sizes()
  local enqueued = 0
  for _, queue in ipairs(each('queues')) do enqueued = enqueued + count('LLEN', 'queue:' .. queue) end
  return enqueued, count('ZCARD', 'schedule'), count('ZCARD', 'retry'), count('ZCARD', 'dead')
end

