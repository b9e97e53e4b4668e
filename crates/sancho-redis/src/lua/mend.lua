-- Purpose: re-points entries of the index whose bytes were nowhere the index knew of, or drops them.
-- KEYS: none.
-- ARGV: count, then each: key, jid that the index named, letter ('-': the job is nowhere that takes a key), place, bytes.
-- Returns: how many entries were dropped.
--
-- An entry that a move has touched meanwhile is proved again by itself, and stays.
must_be('sancho:keys', 'hash')
local dropped = 0
for _ = 1, tonumber(arg()) do
  local key, jid, letter, place, bytes = arg(), arg(), arg(), arg(), arg()
  index_believe(key, jid, letter, place, bytes)
  if index_holder(key) == nil and index_jid(key) == jid then
    index_drop(key, jid)
    dropped = dropped + 1
  end
end
return dropped
