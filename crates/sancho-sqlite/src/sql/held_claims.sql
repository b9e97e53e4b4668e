-- Purpose: the claims that a repeated request made and that are still held.
-- Input: 1 owner, 2 first number, 3 the number after the last. Output: id, number, queue, when it came to its queue, payload.
SELECT b.id, b.number, b.queue, b.enqueued_at, j.payload
FROM sancho_busy b JOIN sancho_jobs j ON j.id = b.id
WHERE b.owner = ?1 AND b.number >= ?2 AND b.number < ?3
ORDER BY b.number
