//! The publish ledger, in the tables `published` and `feed`.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::Sqlite;
use super::rows::{STATE, digest_from, signed, state_from, unsigned};
use crate::store::{FeedState, PublishLedger, PublishedChange, PublishedRow, Result};

const PUBLISHED: &str = "feed, path, size, mtime, inode, hash, made_of";

impl PublishLedger for Sqlite {
    fn feed_state(&self, feed: &str) -> Result<FeedState> {
        let mut select = self.db.prepare_cached(&format!("SELECT {STATE} FROM feed WHERE name = ?"))?;
        Ok(select.query_row([feed], state_from).optional()?.unwrap_or_default())
    }

    fn each_published(&self, visit: &mut dyn FnMut(&PublishedRow)) -> Result<()> {
        let mut select = self.db.prepare_cached(&format!("SELECT {PUBLISHED} FROM published"))?;
        let (mut rows, mut line) = (select.query([])?, PublishedRow::default());
        while let Some(row) = rows.next()? {
            // A long history has thousands of them: their texts are copied into the same place.
            read_published(row, &mut line)?;
            visit(&line);
        }
        Ok(())
    }

    fn published_of(&self, feed: &str, all: bool) -> Result<Vec<PublishedRow>> {
        let only = if all { "" } else { "AND made_of = 0" };
        let sql = format!("SELECT {PUBLISHED} FROM published WHERE feed = ? {only}");
        let mut select = self.db.prepare_cached(&sql)?;
        Ok(select.query_map([feed], published_from)?.collect::<rusqlite::Result<_>>()?)
    }

    fn published_at(&self, paths: &[&str]) -> Result<Vec<PublishedRow>> {
        let transaction = self.db.unchecked_transaction()?;
        let mut select = transaction.prepare_cached(&format!("SELECT {PUBLISHED} FROM published WHERE path = ?"))?;
        let mut rows = Vec::new();
        for path in paths {
            rows.extend(select.query_row([path], published_from).optional()?);
        }
        Ok(rows)
    }

    fn record_published(&mut self, changes: &[PublishedChange]) -> Result<()> {
        let transaction = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for PublishedChange { feed, state, documents, gone } in changes {
            for path in gone {
                transaction.prepare_cached("DELETE FROM published WHERE path = ?")?.execute([path])?;
            }
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?, ?, ?)")?;
            for row in documents {
                let (inode, made_of) = (row.inode as i64, row.made_of as i64);
                let (size, hash) = (signed(row.size), row.hash.to_be_bytes());
                insert.execute(params![row.path, row.feed, size, row.mtime_ns, inode, hash, made_of])?;
            }
            let Some(state) = state else { continue };
            transaction
                .prepare_cached("UPDATE feed SET shown = ?, items = ?, rendered_with = ?, summary = ? WHERE name = ?")?
                .execute(params![
                    signed(state.changes_shown),
                    signed(state.items as u64),
                    state.rendered_with,
                    state.summary,
                    feed
                ])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn published_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<PublishedRow> {
    let mut line = PublishedRow::default();
    read_published(row, &mut line)?;
    Ok(line)
}

fn read_published(row: &rusqlite::Row<'_>, line: &mut PublishedRow) -> rusqlite::Result<()> {
    let text = |into: &mut String, column| {
        into.clear();
        into.push_str(row.get_ref(column)?.as_str()?);
        Ok::<_, rusqlite::Error>(())
    };
    text(&mut line.feed, 0)?;
    text(&mut line.path, 1)?;
    line.size = unsigned(row.get(2)?);
    line.mtime_ns = row.get(3)?;
    line.inode = row.get::<_, i64>(4)? as u64;
    line.hash = digest_from(row, 5)?;
    line.made_of = row.get::<_, i64>(6)? as u64;
    Ok(())
}
