-- Purpose: when classes were first met on their queues.
-- KEYS: none.
-- ARGV: now in microseconds, microseconds after which a meeting is forgotten, count, then fields.
-- Returns: the first meetings, in order.
local now, forget_after = arg(), tonumber(arg())
local answers = {}
for k = 1, tonumber(arg()) do
  local field = arg()
  local met = redis.call('HGET', 'sancho:unknown', field)
  local first = now
  if met then
    local was, last = string.match(met, '^(%d+) (%d+)$')
    if last and tonumber(now) - tonumber(last) <= forget_after then first = was end
  end
  redis.call('HSET', 'sancho:unknown', field, first .. ' ' .. now)
  answers[k] = first
end
return answers
