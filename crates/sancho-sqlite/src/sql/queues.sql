-- Purpose: every known queue, by name.
-- Input: none. Output: number, name, when its next job came to it or NULL, paused.
SELECT q.id, q.name,
       (SELECT coalesce(a.at, j.at)
          FROM (SELECT id FROM sancho_ready WHERE queue = q.id ORDER BY ord LIMIT 1) r
          JOIN sancho_jobs j ON j.id = r.id LEFT JOIN sancho_away a ON a.id = r.id),
       q.paused
FROM sancho_queues q
WHERE q.known = 1
ORDER BY q.name
