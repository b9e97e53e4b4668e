-- Purpose: marks a deploy, unless its minute has a mark, or a minute beside it has the same one.
-- KEYS: none.
-- ARGV: label, seconds for which a day's marks are kept, seconds for which others that deploy the same leave no mark;
--   then key and field of the minute, and of those beside it: their count, each.
-- Returns: the key's position of the mark that stands, from 1, and its label.
local label, kept_for, repeated_for = arg(), arg(), arg()
local keys, fields = {}, {}
for k = 1, tonumber(arg()) do
  keys[k], fields[k] = arg(), arg()
  must_be(keys[k], 'hash')
end
for k = 1, #keys do
  local there = redis.call('HGET', keys[k], fields[k])
  if there and (k == 1 or there == label) then return { k, there } end
end
redis.call('HSETNX', keys[1], fields[1], label)
redis.call('EXPIRE', keys[1], kept_for)
-- Ruby's processes of the same deploy ask for this before they leave a mark.
redis.call('SET', 'deploylock-' .. label, fields[1], 'EX', repeated_for)
return { 1, label }
