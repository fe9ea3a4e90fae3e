-- The log of events, of version 4: alerts, and nodes and GPUs that came and went. Restarts, changes of prices and what a
-- person marks are in markers. The watch alone reads `event`, JSON. Kept 400 days. A ledger of version 4 that was made
-- before the table was is given it when it is next kept.
CREATE TABLE IF NOT EXISTS events (
    at INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, until INTEGER, text TEXT NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (at, kind, name)) WITHOUT ROWID;
