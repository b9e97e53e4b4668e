-- Purpose: claims of processes that are no longer known.
-- Input: 1 limit. Output: id, queue, when it came to its queue, payload.
SELECT b.id, b.queue, b.enqueued_at, j.payload
FROM sancho_processes p JOIN sancho_busy b ON b.owner = p.id JOIN sancho_jobs j ON j.id = b.id
WHERE p.known = 0
ORDER BY p.incarnation, b.number
LIMIT ?1
