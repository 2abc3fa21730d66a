//! Rows of one table, several at one stroke.

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::store::Result;

/// So many rows are written at one stroke. To start a statement and to find the place of its first row costs as much as
/// a row; rows that come in the order of their keys find theirs behind the one before.
const STROKE: usize = 16;

/// Writes rows of one table. A first import writes tens of thousands of them.
pub(super) struct Insert<'db> {
    db: &'db Connection,
    table: &'static str,
    columns: usize,
    one: Prepared<'db>,
    /// Prepared where there are so many rows.
    many: Option<Prepared<'db>>,
}

/// A statement, and which of its parameters hold something: most columns of most rows are empty, and stay so.
struct Prepared<'db> {
    statement: CachedStatement<'db>,
    held: Vec<bool>,
}

/// The parameters of a row, in the order of its columns.
pub(super) struct Row<'r, 'db> {
    prepared: &'r mut Prepared<'db>,
    at: usize,
}

impl<'db> Insert<'db> {
    /// Into `table`, which has so many columns.
    pub(super) fn new(db: &'db Connection, table: &'static str, columns: usize) -> Result<Self> {
        let one = Prepared::new(db, table, columns, 1)?;
        Ok(Self { db, table, columns, one, many: None })
    }

    /// Writes `rows`, of which `bind` gives the columns.
    pub(super) fn all<T>(&mut self, rows: &[T], bind: impl Fn(&mut Row<'_, 'db>, &T) -> Result<()>) -> Result<()> {
        let (strokes, rest) = rows.as_chunks::<STROKE>();
        if !strokes.is_empty() && self.many.is_none() {
            self.many = Some(Prepared::new(self.db, self.table, self.columns, STROKE)?);
        }
        for stroke in strokes {
            self.many.iter_mut().try_for_each(|many| many.write(stroke, &bind))?;
        }
        rest.iter().try_for_each(|row| self.one.write(std::slice::from_ref(row), &bind))
    }
}

impl<'db> Prepared<'db> {
    fn new(db: &'db Connection, table: &str, columns: usize, rows: usize) -> Result<Self> {
        // Whoever writes gives the transaction up when a row is refused. To be able to give up one statement alone
        // SQLite would keep a copy of each page that it changes.
        let row = format!("({})", vec!["?"; columns].join(", "));
        let statement =
            db.prepare_cached(&format!("INSERT OR FAIL INTO {table} VALUES {}", vec![row; rows].join(", ")))?;
        Ok(Self { statement, held: vec![false; columns * rows] })
    }

    fn write<T>(&mut self, rows: &[T], bind: impl Fn(&mut Row<'_, 'db>, &T) -> Result<()>) -> Result<()> {
        let mut row = Row { prepared: self, at: 0 };
        rows.iter().try_for_each(|one| bind(&mut row, one))?;
        self.statement.raw_execute()?;
        Ok(())
    }
}

impl Row<'_, '_> {
    /// The next column.
    pub(super) fn bind(&mut self, value: impl ToSql) -> Result<()> {
        self.bind_if(Some(value))
    }

    /// The next column, which may be empty.
    pub(super) fn bind_if(&mut self, value: Option<impl ToSql>) -> Result<()> {
        let Some(held) = self.prepared.held.get_mut(self.at) else { return Ok(()) };
        self.at += 1;
        // What was bound for the row before stays bound.
        if std::mem::replace(held, value.is_some()) || value.is_some() {
            self.prepared.statement.raw_bind_parameter(self.at, value)?;
        }
        Ok(())
    }
}
