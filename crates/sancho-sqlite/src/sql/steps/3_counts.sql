-- Purpose: keeps how many jobs of each queue were performed, and how many jobs there were, by step of time.
-- Input: none. Output: none. Older builds go on beside it: they count nothing here, and prune nothing.
CREATE TABLE sancho_queue_counts (
  minutes  INTEGER NOT NULL,           -- the length of the step
  at       INTEGER NOT NULL,           -- its start
  queue    TEXT    NOT NULL,           -- by name: what was counted stays when the queue is forgotten
  count    INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  PRIMARY KEY (minutes, at, queue)
) WITHOUT ROWID;

CREATE TABLE sancho_sizes (
  minutes   INTEGER NOT NULL,          -- the length of the step
  at        INTEGER NOT NULL,          -- its start
  enqueued  INTEGER NOT NULL,          -- of the first beat in it, as are the others
  scheduled INTEGER NOT NULL,
  retries   INTEGER NOT NULL,
  dead      INTEGER NOT NULL,
  PRIMARY KEY (minutes, at)
) WITHOUT ROWID;
