-- The tables of the saved state: what a watch goes on from, and what a person decides. Version 2 introduced them.

-- The state of each target and node as the watch last knew it, as JSON that the watch alone reads: in the same
-- transaction as what was posted for it, so that a kill at any instant neither loses a token nor counts one twice.
CREATE TABLE saved_targets (target TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE saved_nodes (node TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;

-- Allocated GPUs, by node and the driver's name for them ('' where it has none): how many, since when, and up to when
-- their time is posted (NULL: as far as the ledger is). Up to version 4 the table's name was `rented`.
CREATE TABLE allocated_gpus (
    node TEXT, gpu TEXT, unit TEXT, gpus INTEGER NOT NULL, since INTEGER, until INTEGER,
    PRIMARY KEY (node, gpu)) WITHOUT ROWID;

-- Targets that were reset by hand: the next page of each is a baseline, and then the reset is applied.
CREATE TABLE target_resets (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, at INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0);

-- Tokens that are in dispute: what they would be in the ledger (`entries`), and why they are not there (`evidence`), as
-- JSON. `state` is open, accepted or rejected. Entries of an accepted one are in the tables of tokens too.
CREATE TABLE disputes (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, target TEXT NOT NULL, instance TEXT, rank TEXT, model TEXT,
    entries TEXT NOT NULL, evidence TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', decided_at INTEGER);
