-- Purpose: one step of a search through a set or a queue: reads a bounded number of its jobs, so that others come in
--   between steps.
-- KEYS: none.
-- ARGV: "Z" for a sorted set, "R" for one by rank, or "L" for a list, its key, where to go on ("0" at first), how many
--   to read, count of texts, texts. A job is answered if one of the texts stands in it, or if no text is given: a text
--   only preselects, and the caller reads the payload. A key of another type holds no job.
-- Returns: where to go on ("" at the end; by rank the caller knows), how many jobs were read and how many bytes they
--   have, then bytes and score (for a list: index from the left) in turns.
local kind, key, from, count = arg(), arg(), arg(), tonumber(arg())
local texts = {}
for k = 1, tonumber(arg()) do texts[k] = arg() end

local answer = { '', 0, 0 }
local function selected(bytes)
  answer[2], answer[3] = answer[2] + 1, answer[3] + #bytes
  if #texts == 0 then return true end
  for k = 1, #texts do
    if string.find(bytes, texts[k], 1, true) then return true end
  end
  return false
end

local function select_from(flat)
  for k = 1, #flat, 2 do
    if selected(flat[k]) then
      answer[#answer + 1] = flat[k]
      answer[#answer + 1] = flat[k + 1]
    end
  end
  return answer
end
if kind == 'Z' then
  local page = redis.pcall('ZSCAN', key, from, 'COUNT', count)
  if page.err then return answer end
  if page[1] ~= '0' then answer[1] = page[1] end
  return select_from(page[2])
end
local first = tonumber(from)
if kind == 'R' then
  local page = redis.pcall('ZRANGE', key, first, first + count - 1, 'WITHSCORES')
  return select_from(page.err and {} or page)
end
-- From the left end on: what is pushed meanwhile moves jobs to the right, where they are still to be read.
local page = redis.pcall('LRANGE', key, first, first + count - 1)
if page.err then return answer end
if #page == count then answer[1] = string.format('%.0f', first + count) end
for k = 1, #page do
  if selected(page[k]) then
    answer[#answer + 1] = page[k]
    answer[#answer + 1] = string.format('%.0f', first + k - 1)
  end
end
return answer
