-- Purpose: run times by class and minute.
-- KEYS: none.
-- ARGV: bytes of a histogram, count of keys, each.
-- Returns: the bytes of each, no more than that; empty for what is not there, or holds another type.
local bytes, answer = tonumber(arg()), {}
for k = 1, tonumber(arg()) do
  local value = redis.pcall('GET', arg())
  answer[k] = type(value) == 'string' and string.sub(value, 1, bytes) or ''
end
return answer
