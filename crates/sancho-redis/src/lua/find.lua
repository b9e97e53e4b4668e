-- Purpose: finds a job by its jid where that is quick: by the time that it is due, and among the jobs in flight.
-- KEYS: none.
-- ARGV: jid, the text by which payloads with this jid are preselected ("" selects all: the caller reads them), most
--   jobs of one time to read.
-- Returns: candidates, each a list of letter, place (B: the incarnation), bytes (B: the in-flight value) and score or
--   claim number; or, where too many jobs are due at that time, of "M", the set's letter and the score: the caller
--   then reads these step by step.
local jid, text, most = arg(), arg(), tonumber(arg())

local function selected(bytes)
  return text == '' or string.find(bytes, text, 1, true) ~= nil
end

local found = {}
local due = redis.pcall('ZSCORE', 'sancho:due', jid)
if due and not due.err then
  for letter, set in pairs({ S = 'schedule', R = 'retry' }) do
    local many = redis.pcall('ZCOUNT', set, due, due)
    if type(many) == 'number' and many > most then
      found[#found + 1] = { 'M', letter, due }
    else
      local members = redis.pcall('ZRANGE', set, due, due, 'BYSCORE')
      for k = 1, members.err and 0 or #members do
        if selected(members[k]) then found[#found + 1] = { letter, '', members[k], due } end
      end
    end
  end
end
local holders = redis.pcall('SMEMBERS', 'sancho:holders')
for h = 1, holders.err and 0 or #holders do
  local flat = redis.pcall('HGETALL', 'sancho:flight:' .. holders[h])
  for k = 1, flat.err and 0 or #flat, 2 do
    if flat[k] ~= 'next' and selected(flat[k + 1]) then
      found[#found + 1] = { 'B', holders[h], flat[k + 1], flat[k] }
    end
  end
end
return found
