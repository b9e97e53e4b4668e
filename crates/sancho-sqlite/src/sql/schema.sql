-- Purpose: everything that the store keeps, as the first build had it.
-- Input: none. Output: none. Runs once for a file, inside the transaction that records the version.
-- Never changed: what has changed since stands in steps/, and every file, a new one too, takes all of them in turn.
--
-- The fat row of a job is written once. Small tables say where it is:
--   enqueued                     a row of sancho_ready
--   busy                         a row of sancho_busy
--   scheduled, retries,
--   dead, held                   a row of sancho_waiting
-- A job's spot (state, queue, ord, at) is in its own row as long as it is where it was first put, and in
-- sancho_away when it was moved since, so that a promotion does not rewrite the payload.
-- Times are microseconds since the epoch. States: 0 enqueued, 2 scheduled, 3 retries, 4 dead, 5 held.

CREATE TABLE sancho_queues (
  id     INTEGER PRIMARY KEY,          -- never reused: other processes remember it
  name   TEXT    NOT NULL UNIQUE,
  known  INTEGER NOT NULL DEFAULT 0,   -- pushed to, and not removed since
  paused INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE sancho_jobs (
  id         INTEGER PRIMARY KEY,      -- the first eight bytes of the jid, or a negative number
  jid        TEXT    NOT NULL,
  state      INTEGER NOT NULL,
  queue      INTEGER NOT NULL,
  ord        INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  key        TEXT,                     -- the key that it holds
  lapsed_key TEXT,                     -- the key of a dead job, which it takes again when it is run
  payload    BLOB    NOT NULL
);
CREATE UNIQUE INDEX sancho_jobs_key ON sancho_jobs (key) WHERE key IS NOT NULL;

CREATE TABLE sancho_foreign_jids (
  jid TEXT PRIMARY KEY,
  id  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE sancho_away (
  id    INTEGER PRIMARY KEY,
  state INTEGER NOT NULL,
  queue INTEGER NOT NULL,
  ord   INTEGER NOT NULL,
  at    INTEGER NOT NULL
);

CREATE TABLE sancho_ready (
  queue INTEGER NOT NULL,
  ord   INTEGER NOT NULL,
  id    INTEGER NOT NULL,
  PRIMARY KEY (queue, ord)
) WITHOUT ROWID;

CREATE TABLE sancho_waiting (
  state  INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  id     INTEGER NOT NULL,
  queue  INTEGER,                      -- the queue that the payload names; none if it names no valid one
  reason TEXT,                         -- why it is held
  PRIMARY KEY (state, at, id)
) WITHOUT ROWID;

CREATE TABLE sancho_busy (
  id          INTEGER PRIMARY KEY,
  owner       INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  queue       INTEGER NOT NULL,
  at          INTEGER NOT NULL,        -- since when
  enqueued_at INTEGER NOT NULL
);

CREATE TABLE sancho_checkpoints (
  id    INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);

CREATE TABLE sancho_processes (
  id            INTEGER PRIMARY KEY,
  incarnation   TEXT    NOT NULL UNIQUE,
  known         INTEGER NOT NULL,      -- 0: gone, and kept only until its claims are taken over
  lease_until   INTEGER NOT NULL,
  beat_at       INTEGER NOT NULL,
  numbers_end   INTEGER NOT NULL DEFAULT 0,  -- one more than its highest claim number
  claimed_first INTEGER,               -- the first number of its last request that claimed something
  quiet         INTEGER NOT NULL,
  running       INTEGER NOT NULL,
  rss_bytes     INTEGER NOT NULL,
  round_trip    INTEGER NOT NULL,
  info          TEXT    NOT NULL       -- what is true for all of its life, as JSON
);

CREATE TABLE sancho_orders (
  id    INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  word  TEXT    NOT NULL,
  jid   TEXT
);

CREATE TABLE sancho_batches (
  bucket INTEGER NOT NULL,             -- the time of the push in units of PUSH_REPEAT
  jid    BLOB    NOT NULL,             -- the first jid of the batch
  at     INTEGER NOT NULL,
  PRIMARY KEY (bucket, jid)
) WITHOUT ROWID;

CREATE TABLE sancho_paused_classes (
  class TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE sancho_unknown_classes (
  class TEXT    NOT NULL,
  queue TEXT    NOT NULL,
  first INTEGER NOT NULL,
  last  INTEGER NOT NULL,
  PRIMARY KEY (class, queue)
) WITHOUT ROWID;

CREATE TABLE sancho_totals (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  processed INTEGER NOT NULL,
  failed    INTEGER NOT NULL
);
INSERT INTO sancho_totals (id, processed, failed) VALUES (1, 0, 0);

CREATE TABLE sancho_days (
  day       INTEGER PRIMARY KEY,       -- whole days since the epoch, in UTC
  processed INTEGER NOT NULL,
  failed    INTEGER NOT NULL
);
