-- Purpose: totals.
-- Input: 1 now. Output: processed, failed, busy, enqueued, scheduled, retries, dead, held, processes.
SELECT t.processed, t.failed,
       (SELECT count(*) FROM sancho_busy),
       (SELECT count(*) FROM sancho_ready),
       (SELECT count(*) FROM sancho_waiting WHERE state = 2),
       (SELECT count(*) FROM sancho_waiting WHERE state = 3),
       (SELECT count(*) FROM sancho_waiting WHERE state = 4),
       (SELECT count(*) FROM sancho_waiting WHERE state = 5),
       (SELECT count(*) FROM sancho_processes WHERE known = 1 AND lease_until >= ?1)
FROM sancho_totals t
