-- Purpose: the next jobs of one queue, in the order that they run.
-- Input: 1 queue, 2 limit. Output: ord, id, payload, when it came to the queue, whether it was moved there.
SELECT r.ord, r.id, j.payload, coalesce(a.at, j.at), a.id IS NOT NULL
FROM sancho_ready r CROSS JOIN sancho_jobs j ON j.id = r.id LEFT JOIN sancho_away a ON a.id = r.id
WHERE r.queue = ?1
ORDER BY r.ord
LIMIT ?2
