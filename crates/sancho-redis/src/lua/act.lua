-- Purpose: moves jobs as a person asked, each if it is still where it was seen.
-- KEYS: none.
-- ARGV: count, then each job: jid, key, letter and place where it was seen, bytes, new letter, where, score.
-- Returns: one answer each: 1 done, 0 gone, or the jid that holds its key.
check_sets()
local answers = {}
for k = 1, tonumber(arg()) do
  local jid, key, from, place, bytes, letter, where, score = arg(), arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local holder = from == 'D' and takes_key(letter) and key ~= '' and redis.call('HGET', 'sancho:keys', key)
  if holder and holder ~= jid and locate(holder) then
    answers[k] = holder
  else
    answers[k] = take_out(from, place, bytes)
    if answers[k] == 1 then
      put(jid, letter, where, score, bytes)
      if from == 'H' and jid ~= '' then redis.call('HDEL', 'sancho:why', jid) end
      if not takes_key(letter) then
        free_key(key, jid)
      elseif from == 'D' and key ~= '' then
        redis.call('HSET', 'sancho:keys', key, jid)
      end
    end
  end
end
return answers
