-- Purpose: one job, with all that says where it is.
-- Input: 1 id. Output: jid, key, payload; its spot (state, queue, ord, at); the held reason; if busy its owner, queue and start.
SELECT j.jid, j.key, j.payload,
       coalesce(a.state, j.state), coalesce(a.queue, j.queue), coalesce(a.ord, j.ord), coalesce(a.at, j.at),
       (SELECT w.reason FROM sancho_waiting w
         WHERE w.state = 5 AND w.at = coalesce(a.at, j.at) AND w.id = j.id),
       p.incarnation, b.queue, b.at, j.lapsed_key
FROM sancho_jobs j
LEFT JOIN sancho_away a ON a.id = j.id
LEFT JOIN sancho_busy b ON b.id = j.id
LEFT JOIN sancho_processes p ON p.id = b.owner
WHERE j.id = ?1
