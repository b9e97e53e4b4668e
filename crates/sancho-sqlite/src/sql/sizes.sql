-- Purpose: how many jobs there are in each set.
-- Input: none. Output: enqueued, scheduled, retries, dead, held.
SELECT (SELECT count(*) FROM sancho_ready),
       (SELECT count(*) FROM sancho_waiting WHERE state = 2),
       (SELECT count(*) FROM sancho_waiting WHERE state = 3),
       (SELECT count(*) FROM sancho_waiting WHERE state = 4),
       (SELECT count(*) FROM sancho_waiting WHERE state = 5)
