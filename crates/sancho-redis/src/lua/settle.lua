-- Purpose: an exchange of which some settled jobs go on elsewhere, have a key, or leave jobs behind them.
-- KEYS: none.
-- ARGV: as `claim.lua` reads them; then count of other settlements, each: incarnation, number, jid, key, "1" if a
--   payload follows, payload, letter, where, score, processed, failed, "1" if a checkpoint may be kept, count of
--   follow-ups, follow-ups as `push_one` reads them; then proofs as `read_proofs` reads them.
-- Returns: -1 when a claim number was given twice; { "U", key, jid, … } as `push_keyed.lua` does; else as `answer`
--   says: the letters of the groups, then those of the other settlements.
cursor = next_arg - 1
local others = {}
for k = 1, tonumber(arg()) do
  local s = { holder = arg(), number = arg(), jid = arg(), key = arg(), changed = arg() == '1', bytes = arg() }
  s.letter, s.where, s.score, s.processed, s.failed, s.kept = arg(), arg(), arg(), arg(), arg(), arg() == '1'
  s.follow = tonumber(arg())
  s.cursor = cursor
  cursor = cursor + 8 * s.follow
  numbers_end(s.holder)
  others[k] = s
end
read_proofs()
if given_twice() then return -1 end
local unproved = { 'U' }
for _, s in ipairs(others) do
  check_place(s.letter, s.where)
  cursor = s.cursor
  for _ = 1, s.follow do look_at_one(unproved) end
end
if #unproved > 1 then return unproved end

local function settle(s)
  if not ends[s.holder] then return 'L' end
  local flight = 'sancho:flight:' .. s.holder
  local value = redis.call('HGET', flight, s.number)
  if not value then
    return tonumber(s.number) < tonumber(ends[s.holder]) and 'A' or 'L'
  end
  redis.call('HDEL', flight, s.number)
  local bytes = s.bytes
  if not s.changed and s.letter ~= 'G' then bytes = select(3, cut(value)) end
  put(s.jid, s.letter, s.where, s.score, bytes)
  move_key(s.key, s.jid, s.letter, s.where, bytes)
  if s.kept and s.letter == 'G' and s.jid ~= '' then redis.call('DEL', 'sancho:kept:' .. s.jid) end
  processed, failed = processed + s.processed, failed + s.failed
  cursor = s.cursor
  for _ = 1, s.follow do push_one() end
  return 'S'
end

local letters = { settle_groups() }
for k, s in ipairs(others) do letters[k + 1] = settle(s) end
flush_fronts()
count()
return answer(table.concat(letters))
