-- Purpose: what the scripts of this store share; put in front of those that need it before they are loaded.
-- KEYS: none. Redis Cluster is out of reach anyway, since Sidekiq's own keys share no hash tag.
-- ARGV: read one by one with `arg()`, in the order that the script's own header gives.
-- Returns: nothing by itself.
--
-- Payloads are moved as bytes and never decoded.

local cursor = 0
local function arg()
  cursor = cursor + 1
  return ARGV[cursor]
end

local right_types = {}

-- Fails the whole script when a key holds something else; to be called before the first write.
local function must_be(key, want)
  if right_types[key] then return end
  local have = redis.call('TYPE', key).ok
  if have ~= 'none' and have ~= want then
    error({ err = 'WRONGTYPE ' .. key .. ' holds a ' .. have .. ', not a ' .. want .. ': move it away' })
  end
  right_types[key] = true
end

-- Cuts a value of a flight hash into start, queue and payload. One that no script wrote is a payload as it is.
local function cut(value)
  local _, last, start, queue = string.find(value, '^(%-?%d+)\n([^\n]+)\n')
  if not last then return '0', 'default', value end
  return start, queue, string.sub(value, last + 1)
end

-- Makes an incarnation unknown; what it holds stays for others to take over. A name that is none of ours, which
-- somebody left among the leases, takes no key of that name along.
local function end_process(who)
  redis.call('ZREM', 'sancho:leases', who)
  redis.pcall('HDEL', 'sancho:flight:' .. who, 'next')
  if redis.pcall('HEXISTS', who, 'sancho') == 1 then redis.call('DEL', who) end
  redis.call('DEL', 'sancho:orders:' .. who, who .. ':work', who .. ':workers')
  redis.pcall('SREM', 'processes', who)
  if redis.call('EXISTS', 'sancho:flight:' .. who) == 0 then redis.call('SREM', 'sancho:holders', who) end
end
