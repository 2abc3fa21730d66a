-- The tables of a new store, as the migrations of schema.rs leave them: what is changed here is changed there, by a new
-- migration, and a test compares the two. A column that came later stands at the end of its table.
--
-- What can't be recomputed: `source`, `path`, `seen`, `account`. What follows from it: the rest.
--
-- Days are counted from 1970-01-01, instants are seconds since then; ids and digests are 16 bytes, big-endian.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    no    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL UNIQUE,
    -- What its items were last filed under: the place scraped, and the namespace of its keys.
    place TEXT,
    site  BLOB
) STRICT;

-- The newest look into each path. `racy`: modified so shortly before the look that its stat proves nothing.
CREATE TABLE path (
    id       INTEGER PRIMARY KEY,
    source   INTEGER NOT NULL,
    name     TEXT NOT NULL,
    size     INTEGER NOT NULL,
    mtime    INTEGER NOT NULL,
    ctime    INTEGER NOT NULL,
    inode    INTEGER NOT NULL,
    racy     INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    digest   BLOB NOT NULL,
    contents INTEGER NOT NULL,
    items    INTEGER NOT NULL,
    drift    TEXT,
    UNIQUE (source, name)
) STRICT;

-- Every content a path ever had. `reading` is what it says: one compact value, not a row an item.
--
-- A content's id is `path << 20 | n`, so that the contents of a path stand together, in order, without an index; a path
-- has at most 2^20 contents (one an hour for a century).
CREATE TABLE seen (
    id           INTEGER PRIMARY KEY,
    source       INTEGER NOT NULL,
    digest       BLOB NOT NULL,
    length       INTEGER NOT NULL,
    completed_by INTEGER,
    newest       INTEGER,
    reading      BLOB NOT NULL,
    -- How it stands among the contents of its path (follows from the above).
    captured     INTEGER,
    captured_day INTEGER NOT NULL,
    stated       INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    -- The content that completes it and repeats only a part of it: the rest of it does not count. NULL: all of it counts.
    whole        INTEGER,
    -- What it was read with.
    layout       TEXT,
    language     TEXT
) STRICT;
CREATE INDEX seen_captured ON seen (source, captured) WHERE stated = 1;

-- What a page says of an item, each once.
CREATE TABLE account (
    id          INTEGER PRIMARY KEY,
    title       TEXT NOT NULL,
    summary     TEXT,
    date        INTEGER,
    date_end    INTEGER,
    time        INTEGER,
    date_raw    TEXT,
    basis       INTEGER NOT NULL,
    credit      TEXT,
    kicker      TEXT,
    place       TEXT,
    link        TEXT,
    explicit_id TEXT,
    -- What its page files it under.
    topic       TEXT,
    -- The zone of `time` in minutes east of UTC, where the date states it.
    utc_offset  INTEGER
) STRICT;

-- Keys that turned out to name several announcements: the id of each further one, and the key it came from.
CREATE TABLE twin (
    id  BLOB PRIMARY KEY,
    key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The sightings of a key that speak of one item (`pairs` of account and content), and that item as it is settled.
-- `text` is the account that gives title and summary; it is null where an alias files the item under another key.
CREATE TABLE item (
    key          BLOB NOT NULL,
    id           BLOB NOT NULL,
    pairs        BLOB NOT NULL,
    text         INTEGER,
    date         INTEGER,
    date_end     INTEGER,
    time         INTEGER,
    date_raw     TEXT,
    basis        INTEGER NOT NULL,
    credit       TEXT,
    kicker       TEXT,
    place        TEXT,
    link         TEXT,
    published    INTEGER,
    updated      INTEGER,
    sources      BLOB NOT NULL,
    -- They follow from the topic of its account and the rules.
    categories   BLOB,
    -- Names the month of the item.
    earliest     INTEGER,
    -- What it said before it was revised.
    earlier      BLOB,
    language     TEXT,
    PRIMARY KEY (key, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_undated ON item (key, id) WHERE published IS NULL;

-- `changed` counts the batches that may have changed what the feed shows, `shown` is its value at the last publication;
-- `summary` is what the index shows of it.
CREATE TABLE feed (
    no            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    changed       INTEGER NOT NULL,
    shown         INTEGER NOT NULL,
    items         INTEGER NOT NULL,
    rendered_with TEXT NOT NULL,
    summary       TEXT NOT NULL DEFAULT ''
) STRICT;

-- `month` is noted only where it is not the one in which the item is published, which is rare. By `print`, what was
-- rendered of a month page before can be told from what is new there.
CREATE TABLE member (
    feed      INTEGER NOT NULL,
    published INTEGER NOT NULL,
    id        BLOB NOT NULL,
    key       BLOB NOT NULL,
    month     INTEGER,
    print     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (feed, published DESC, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_elsewhere ON member (feed, month) WHERE month IS NOT NULL;

-- What stands on each month page: how many items, and the sum of their prints, so that it comes and goes with each of
-- them and a page is known to be as it was.
CREATE TABLE month (
    feed  INTEGER NOT NULL,
    month INTEGER NOT NULL,
    items INTEGER NOT NULL,
    print INTEGER NOT NULL,
    PRIMARY KEY (feed, month)
) STRICT, WITHOUT ROWID;

-- The publish ledger: each document as it stood in the folder, and by `made_of` what it was made of.
CREATE TABLE published (
    path    TEXT PRIMARY KEY,
    feed    TEXT NOT NULL,
    size    INTEGER NOT NULL,
    mtime   INTEGER NOT NULL,
    inode   INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    made_of INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX published_of ON published (feed, made_of);
