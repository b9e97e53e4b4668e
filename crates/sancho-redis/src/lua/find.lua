-- Purpose: where a job is, by the index.
-- KEYS: none.
-- ARGV: jid, or "" and a key.
-- Returns: letter, place, bytes (the in-flight value if busy), number or score, jid; nothing when it is not found.
local jid, key = arg(), arg()
if jid == '' then jid = redis.call('HGET', 'sancho:keys', key) or '' end
if jid == '' then return {} end
local letter, place, bytes, extra = locate(jid)
if not letter then return {} end
return { letter, place, bytes, extra, jid }
