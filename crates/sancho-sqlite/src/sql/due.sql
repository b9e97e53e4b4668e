-- Purpose: due scheduled and retrying jobs, earliest first.
-- Input: 1 now, 2 limit. Output: state, at, id, the queue that the payload names or NULL.
SELECT state, at, id, queue FROM (
  SELECT * FROM (SELECT state, at, id, queue FROM sancho_waiting WHERE state = 2 AND at <= ?1 ORDER BY at, id LIMIT ?2)
  UNION ALL
  SELECT * FROM (SELECT state, at, id, queue FROM sancho_waiting WHERE state = 3 AND at <= ?1 ORDER BY at, id LIMIT ?2)
)
ORDER BY at, id
LIMIT ?2
