-- Purpose: finds a foreign jid by its job, by which it is forgotten; without this each such job reads the whole table.
-- Input: none. Output: none. Older builds go on with it: an index changes no statement.
CREATE UNIQUE INDEX IF NOT EXISTS sancho_foreign_jids_id ON sancho_foreign_jids (id);
