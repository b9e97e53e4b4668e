-- Purpose: who holds a key, proved.
-- KEYS: none.
-- ARGV: key, count of proofs, each: key, jid, letter, place, bytes (see `index_believe`).
-- Returns: nothing where the key is free; "unproved" and a jid; or jid, letter, place, bytes (B: the in-flight value)
--   and score (B: the claim's number).
local key = arg()
for _ = 1, tonumber(arg()) do index_believe(arg(), arg(), arg(), arg(), arg()) end
local jid, letter, place, bytes = index_holder(key)
if not jid then return {} end
if jid == 'unproved' then return { jid, letter } end
if letter == 'B' then
  local number, value = index_flight(place, bytes)
  return { jid, letter, place, value, number }
end
local set = INDEX_SETS[letter]
local score = set and redis.call('ZSCORE', set, index_member(letter, place, bytes)) or ''
return { jid, letter, place, bytes, score }
