-- Purpose: an exchange of which every settled job needs nothing but to go: the common one, kept short.
-- KEYS: none.
-- ARGV: as `claim.lua` reads them.
-- Returns: -1 when a claim number was given twice, else as `answer` says.
if given_twice() then return -1 end
local letters = settle_groups()
count()
return answer(letters)
