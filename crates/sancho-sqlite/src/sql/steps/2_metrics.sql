-- Purpose: keeps what was performed, by class and step of time, and the marks of deploys.
-- Input: none. Output: none. Older builds go on beside it: they count nothing here, and prune nothing.
CREATE TABLE sancho_executions (
  minutes  INTEGER NOT NULL,           -- the length of the step
  at       INTEGER NOT NULL,           -- its start
  class    TEXT    NOT NULL,
  count    INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  millis   INTEGER NOT NULL,           -- of those that did not fail
  buckets  BLOB    NOT NULL,           -- how many of these fell into each: numbers of four bytes, the least first, without zeros at the end
  PRIMARY KEY (minutes, at, class)
) WITHOUT ROWID;

CREATE TABLE sancho_deploys (
  at    INTEGER PRIMARY KEY,           -- the minute
  label TEXT    NOT NULL
);
