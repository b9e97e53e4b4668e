-- Purpose: adds what was performed of one class to a step of time.
-- Input: 1 minutes, 2 at, 3 class, 4 count, 5 failures, 6 millis, 7 buckets, those there included. Output: none.
INSERT INTO sancho_executions (minutes, at, class, count, failures, millis, buckets)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (minutes, at, class) DO UPDATE SET
  count = count + ?4, failures = failures + ?5, millis = millis + ?6, buckets = ?7
