-- Purpose: how many jobs there are in each set, looking at no more than so many of each.
-- Input: 1 the most to look at. Output: enqueued, scheduled, retries, dead.
SELECT (SELECT count(*) FROM (SELECT 1 FROM sancho_ready LIMIT ?1)),
       (SELECT count(*) FROM (SELECT 1 FROM sancho_waiting WHERE state = 2 LIMIT ?1)),
       (SELECT count(*) FROM (SELECT 1 FROM sancho_waiting WHERE state = 3 LIMIT ?1)),
       (SELECT count(*) FROM (SELECT 1 FROM sancho_waiting WHERE state = 4 LIMIT ?1))
