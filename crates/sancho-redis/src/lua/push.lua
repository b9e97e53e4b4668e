-- Purpose: adds a batch of jobs, all or none, once.
-- KEYS: none.
-- ARGV: record key of the batch, seconds to remember it, number of jobs, then each job as `push_one` reads it.
-- Returns: 0 when the batch was pushed before, else one answer a job: A, R, K jid state, P jid, F jid state.
local record, seconds, count = arg(), arg(), tonumber(arg())
if redis.call('EXISTS', record) == 1 then return 0 end
check_sets()
for k = 0, count - 1 do
  local at = cursor + 8 * k
  if ARGV[at + 5] == 'B' or ARGV[at + 5] == 'F' then must_be('queue:' .. ARGV[at + 6], 'list') end
end
redis.call('SET', record, '1', 'EX', seconds)
local answers = {}
for k = 1, count do answers[k] = push_one() end
flush_fronts()
return answers
