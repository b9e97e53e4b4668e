-- Purpose: records a beat; registers the process if it is not there.
-- Input: 1 incarnation, 2 lease_until, 3 beat_at, 4 quiet, 5 running, 6 rss_bytes, 7 round_trip, 8 info. Output: its row's id.
INSERT INTO sancho_processes (incarnation, known, lease_until, beat_at, quiet, running, rss_bytes, round_trip, info)
VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (incarnation) DO UPDATE SET
  known = 1, lease_until = ?2, beat_at = ?3, quiet = ?4, running = ?5, rss_bytes = ?6, round_trip = ?7, info = ?8
RETURNING id
