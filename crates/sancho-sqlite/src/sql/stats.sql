-- Purpose: totals, but for the sizes of the sets.
-- Input: 1 now. Output: processed, failed, busy, processes.
SELECT t.processed, t.failed,
       (SELECT count(*) FROM sancho_busy),
       (SELECT count(*) FROM sancho_processes WHERE known = 1 AND lease_until >= ?1)
FROM sancho_totals t
