-- Purpose: the application's own file, snippets.db. Jobs are kept elsewhere, in the store.
-- Run at every start; changes nothing that is there.

CREATE TABLE IF NOT EXISTS snippets (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    language   TEXT NOT NULL,
    code       TEXT NOT NULL,
    html       TEXT,                        -- NULL until the highlighting service has answered
    publish_at INTEGER,                     -- milliseconds since the epoch; NULL when nothing is planned
    published  INTEGER NOT NULL DEFAULT 0
);

-- What a start has to push again: jobs that a crash between saving and pushing has left out.
CREATE INDEX IF NOT EXISTS snippets_unhighlighted ON snippets (id) WHERE html IS NULL;

CREATE TABLE IF NOT EXISTS services (
    name    TEXT PRIMARY KEY,
    address TEXT NOT NULL
);
