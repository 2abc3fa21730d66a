//! Between the mill's words and the columns of the database.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::mill::item::{Account, DateBasis, Item, Key, Moment, SourceNo, Text};
use crate::mill::scrape::tag_of;
use crate::stat::Stat;
use crate::store::{FeedState, LedgerRow, Reading, Result, StoreError};

pub(super) fn epoch() -> NaiveDate {
    DateTime::UNIX_EPOCH.date_naive()
}

pub(super) fn day_to(day: NaiveDate) -> i64 {
    day.signed_duration_since(epoch()).num_days()
}

pub(super) fn day_from(days: i64) -> Option<NaiveDate> {
    epoch().checked_add_signed(TimeDelta::try_days(days)?)
}

pub(super) fn time_to(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight())
}

pub(super) fn time_from(seconds: i64) -> Option<NaiveTime> {
    NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(seconds).ok()?, 0)
}

pub(super) fn instant_from(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds?, 0)
}

pub(super) fn moment_to(moment: Option<Moment>) -> (Option<i64>, bool) {
    (moment.map(|moment| moment.instant().timestamp()), matches!(moment, Some(Moment::Day(_))))
}

pub(super) fn moment_from(seconds: Option<i64>, day: bool) -> Option<Moment> {
    let instant = instant_from(seconds)?;
    Some(if day { Moment::Day(instant.date_naive()) } else { Moment::Instant(instant) })
}

pub(super) fn basis_to(basis: DateBasis) -> i64 {
    match basis {
        DateBasis::None => 0,
        DateBasis::Own => 1,
        DateBasis::OwnYearInferred => 2,
        DateBasis::Heading => 3,
        DateBasis::Captured => 4,
        DateBasis::FirstSeen => 5,
    }
}

pub(super) fn basis_from(basis: i64) -> DateBasis {
    match basis {
        1 => DateBasis::Own,
        2 => DateBasis::OwnYearInferred,
        3 => DateBasis::Heading,
        4 => DateBasis::Captured,
        5 => DateBasis::FirstSeen,
        _ => DateBasis::None,
    }
}

pub(super) fn text(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str)
}

pub(super) fn text_from(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Text>> {
    Ok(row.get_ref(index)?.as_str_or_null()?.and_then(Text::new))
}

pub(super) fn key_from(row: &Row<'_>, index: usize) -> rusqlite::Result<Key> {
    Ok(Key(uuid::Uuid::from_bytes(row.get(index)?)))
}

pub(super) fn digest_from(row: &Row<'_>, index: usize) -> rusqlite::Result<u128> {
    Ok(u128::from_be_bytes(row.get(index)?))
}

/// Counts and sizes never reach the sign bit; a file from elsewhere could hold anything.
pub(super) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn small(value: i64) -> u32 {
    u32::try_from(value).unwrap_or_default()
}

/// An account, by its columns in their order: all but its number.
pub(super) const ACCOUNT: &str = "account.title, account.summary, account.date, account.date_end, account.time, \
                                  account.date_raw, account.basis, account.credit, account.kicker, account.place, \
                                  account.link, account.explicit_id, account.topic, account.utc_offset";

pub(super) fn account_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Account> {
    let missing = || rusqlite::Error::InvalidColumnType(from, "title".into(), rusqlite::types::Type::Null);
    Ok(Account {
        title: text_from(row, from)?.ok_or_else(missing)?,
        summary: text_from(row, from + 1)?,
        date: row.get::<_, Option<i64>>(from + 2)?.and_then(day_from),
        date_end: row.get::<_, Option<i64>>(from + 3)?.and_then(day_from),
        time: row.get::<_, Option<i64>>(from + 4)?.and_then(time_from),
        date_raw: text_from(row, from + 5)?,
        basis: basis_from(row.get(from + 6)?),
        credit: text_from(row, from + 7)?,
        kicker: text_from(row, from + 8)?,
        place: text_from(row, from + 9)?,
        link: text_from(row, from + 10)?,
        explicit_id: text_from(row, from + 11)?,
        topic: text_from(row, from + 12)?,
        offset: row.get(from + 13)?,
    })
}

/// Whether the columns of [`ACCOUNT`] that begin at `from` are those of `account`, without making another one of them.
pub(super) fn is_account(row: &Row<'_>, from: usize, account: &Account) -> rusqlite::Result<bool> {
    let is_text = |index: usize, told: Option<&Text>| {
        Ok::<_, rusqlite::Error>(row.get_ref(from + index)?.as_str_or_null()? == text(told))
    };
    let is_number =
        |index: usize, told: Option<i64>| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(from + index)? == told);
    Ok(is_text(0, Some(&account.title))?
        && is_text(1, account.summary.as_ref())?
        && is_number(2, account.date.map(day_to))?
        && is_number(3, account.date_end.map(day_to))?
        && is_number(4, account.time.map(time_to))?
        && is_text(5, account.date_raw.as_ref())?
        && is_number(6, Some(basis_to(account.basis)))?
        && is_text(7, account.credit.as_ref())?
        && is_text(8, account.kicker.as_ref())?
        && is_text(9, account.place.as_ref())?
        && is_text(10, account.link.as_ref())?
        && is_text(11, account.explicit_id.as_ref())?
        && is_text(12, account.topic.as_ref())?
        && is_number(13, account.offset.map(i64::from))?)
}

/// A reading: the compact value, and what is kept beside it.
pub(super) const READING: &str = "seen.reading, seen.layout, seen.language";

pub(super) const ITEM: &str = "item.key, item.id, item.date, item.date_end, item.time, item.date_raw, item.basis, item.credit, \
                    item.kicker, item.place, item.link, item.published, item.updated, item.sources, \
                    account.title, account.summary, item.categories, item.earliest, item.earlier, \
                    item.language";

pub(super) fn item_from(row: &Row<'_>) -> rusqlite::Result<Item> {
    let missing = || rusqlite::Error::InvalidColumnType(14, "title".into(), rusqlite::types::Type::Null);
    let broken = || rusqlite::Error::InvalidColumnType(13, "sources".into(), rusqlite::types::Type::Blob);
    Ok(Item {
        key: key_from(row, 0)?,
        id: key_from(row, 1)?,
        date: row.get::<_, Option<i64>>(2)?.and_then(day_from),
        date_end: row.get::<_, Option<i64>>(3)?.and_then(day_from),
        time: row.get::<_, Option<i64>>(4)?.and_then(time_from),
        date_raw: text_from(row, 5)?,
        basis: basis_from(row.get(6)?),
        credit: text_from(row, 7)?,
        kicker: text_from(row, 8)?,
        place: text_from(row, 9)?,
        link: text_from(row, 10)?,
        published: instant_from(row.get(11)?),
        updated: instant_from(row.get(12)?),
        sources: postcard::from_bytes(row.get_ref(13)?.as_blob()?).map_err(|_| broken())?,
        title: text_from(row, 14)?.ok_or_else(missing)?,
        summary: text_from(row, 15)?,
        categories: list_from(row, 16)?,
        earliest: row.get::<_, Option<i64>>(17)?.and_then(day_from),
        earlier: list_from(row, 18)?,
        language: text_from(row, 19)?,
    })
}

/// A value as it is stored. Most are of a few bytes, which would make it grow again and again.
pub(super) fn packed<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    Ok(postcard::to_extend(value, Vec::with_capacity(64))?)
}

/// A value as [`packed`] stored it.
pub(super) fn unpacked<'r, T: Deserialize<'r>>(row: &'r Row<'_>, index: usize) -> Result<T> {
    let bytes = row.get_ref(index)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(postcard::from_bytes(bytes)?)
}

/// Nearly all items have no categories and no earlier texts, and then nothing is stored.
pub(super) fn list_to<T: Serialize>(list: &[T]) -> Result<Option<Vec<u8>>> {
    if list.is_empty() {
        return Ok(None);
    }
    packed(list).map(Some)
}

fn list_from<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<Vec<T>> {
    let Some(bytes) = row.get_ref(index)?.as_blob_or_null()? else { return Ok(Vec::new()) };
    let broken = || rusqlite::Error::InvalidColumnType(index, "list".into(), rusqlite::types::Type::Blob);
    postcard::from_bytes(bytes).map_err(|_| broken())
}

pub(super) fn column(db: &Connection, sql: &str) -> Result<Vec<i64>> {
    let mut select = db.prepare_cached(sql)?;
    Ok(select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn pairs(db: &Connection, sql: &str) -> Result<Vec<(i64, i64)>> {
    let mut select = db.prepare(sql)?;
    Ok(select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn triples(db: &Connection, sql: &str) -> Result<Vec<(i64, i64, String)>> {
    let mut select = db.prepare(sql)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(in crate::store) fn get_meta(db: &Connection, name: &str) -> Result<Option<String>> {
    let mut select = db.prepare_cached("SELECT value FROM meta WHERE name = ?")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

pub(in crate::store) fn set_meta(db: &Connection, name: &str, value: &str) -> Result<()> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2 WHERE value IS NOT ?2",
    )?;
    upsert.execute((name, value))?;
    Ok(())
}

/// What a content was read in, as the column holds it.
pub(super) fn language_from(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<&'static str>> {
    Ok(row.get_ref(index)?.as_str_or_null()?.and_then(tag_of))
}

/// A stored reading with its accounts looked up. The columns that begin at `from` are [`READING`].
pub(super) fn reading_from(db: &Connection, row: &Row<'_>, from: usize) -> Result<Reading<Account>> {
    let mut stored: Reading<i64> = unpacked(row, from)?;
    stored.layout = text_from(row, from + 1)?;
    stored.language = language_from(row, from + 2)?;
    let mut select = db.prepare_cached(&format!("SELECT {ACCOUNT} FROM account WHERE id = ?"))?;
    let missing = || StoreError::Damaged("a reading speaks of an account that is not there".into());
    // What could not be read now may be read later: only that it is not there is damage.
    let mut failed = None;
    let reading = stored.map(|id| match select.query_row([id], |row| account_from(row, 0)).optional() {
        Ok(account) => account,
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    failed.map_or_else(|| reading.ok_or_else(missing), |error| Err(error.into()))
}

/// The columns of `path` that make a row of the ledger.
pub(super) const LEDGER: &str = "path.source, path.name, path.size, path.mtime, path.ctime, path.inode, path.racy, \
                                 path.revision, path.digest, path.items, path.drift";

pub(super) fn ledger_row_from(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow {
        source: SourceNo(row.get(0)?),
        path: row.get(1)?,
        stat: Stat {
            size: unsigned(row.get(2)?),
            mtime_ns: row.get(3)?,
            ctime_ns: row.get(4)?,
            inode: row.get::<_, i64>(5)? as u64,
        },
        racy: row.get(6)?,
        revision: row.get::<_, i64>(7)? as u64,
        digest: digest_from(row, 8)?,
        items: row.get(9)?,
        drift: row.get(10)?,
    })
}

/// The columns of `feed` that say how far it was published.
pub(super) const STATE: &str = "changed, shown, items, rendered_with, summary";

pub(super) fn state_from(row: &Row<'_>) -> rusqlite::Result<FeedState> {
    Ok(FeedState {
        changes: unsigned(row.get(0)?),
        changes_shown: unsigned(row.get(1)?),
        items: small(row.get(2)?) as usize,
        rendered_with: row.get(3)?,
        summary: row.get(4)?,
    })
}
