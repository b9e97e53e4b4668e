-- Purpose: when the next scheduled or retrying job is due.
-- Input: none. Output: one row, its time or NULL.
SELECT min(at) FROM (
  SELECT (SELECT min(at) FROM sancho_waiting WHERE state = 2) AS at
  UNION ALL
  SELECT (SELECT min(at) FROM sancho_waiting WHERE state = 3)
)
