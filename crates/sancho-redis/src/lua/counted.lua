-- Purpose: what several hashes say by field, such as what was performed by class: whole ones, or the same fields of each.
-- KEYS: none.
-- ARGV: most fields to read of a whole hash, count of fields, each (none: whole ones), count of keys, each.
-- Returns: for each key a flat list of fields and values; empty for what is not there, or holds another type.
local most, fields, answer = tonumber(arg()), {}, {}
for k = 1, tonumber(arg()) do fields[k] = arg() end

local function whole(key)
  local size = redis.pcall('HLEN', key)
  if type(size) ~= 'number' then return {} end
  if size <= most then return redis.call('HGETALL', key) end
  return redis.call('HSCAN', key, 0, 'COUNT', most)[2]
end

local function some(key)
  local values, flat = redis.pcall('HMGET', key, unpack(fields)), {}
  for k = 1, values.err and 0 or #fields do
    flat[2 * k - 1], flat[2 * k] = fields[k], values[k] or ''
  end
  return flat
end

for k = 1, tonumber(arg()) do
  local key = arg()
  answer[k] = #fields == 0 and whole(key) or some(key)
end
return answer
