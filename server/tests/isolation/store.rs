//! The rows as they were before the first cell: what a request changed is seen, and undone.

use sqlx::{AssertSqlSafe, PgPool};

pub struct Store {
    pool: PgPool,
    tables: Vec<String>,
}

/// Notes which tables a statement wrote to; what is rolled back isn't noted.
const NOTES: &str = "
    create schema before;
    create table before.touched (name text primary key);
    create function before.note() returns trigger language plpgsql as $$
    begin
        insert into before.touched values (tg_table_name) on conflict do nothing;
        return null;
    end $$;";

impl Store {
    /// Remembers every row of every table.
    pub async fn remember(pool: &PgPool) -> Self {
        let tables: Vec<String> = sqlx::query_scalar(
            "select tablename::text from pg_tables where schemaname = 'public' and tablename !~ '^_sqlx' order by 1",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        let each = |t: &String| {
            let copy = ["create table before.copy_of_", t, " as table public.", t, ";"].concat();
            let noted = ["create trigger noted after insert or update or delete on public.", t].concat();
            copy + &noted + " for each statement execute function before.note();"
        };
        let all = NOTES.to_owned() + &tables.iter().map(each).collect::<String>();
        sqlx::raw_sql(AssertSqlSafe(all)).execute(pool).await.unwrap();
        Self { pool: pool.clone(), tables }
    }

    async fn touched(&self) -> Vec<String> {
        sqlx::query_scalar("select name from before.touched").fetch_all(&self.pool).await.unwrap()
    }

    /// Rows of a table that are new or changed, as text.
    pub async fn changed(&self, table: &str) -> Vec<String> {
        self.except(&["public.", table], &["before.copy_of_", table]).await
    }

    async fn except(&self, these: &[&str], those: &[&str]) -> Vec<String> {
        let query = ["select t::text from ", &these.concat(), " t except select t::text from ", &those.concat(), " t"];
        sqlx::query_scalar(AssertSqlSafe(query.concat())).fetch_all(&self.pool).await.unwrap()
    }

    /// Every row that is new, changed or gone, as its table and its text.
    pub async fn changes(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for table in self.touched().await {
            let mut rows = self.changed(&table).await;
            rows.extend(self.except(&["before.copy_of_", &table], &["public.", &table]).await);
            all.extend(rows.into_iter().map(|row| (table.clone(), row)));
        }
        all
    }

    /// Puts every row back.
    pub async fn restore(&self) {
        let touched = self.touched().await;
        if touched.is_empty() {
            return;
        }
        assert!(touched.iter().all(|table| self.tables.contains(table)), "{touched:?}");
        let each = |t: &String| {
            [
                "delete from public.",
                t,
                "; insert into public.",
                t,
                " overriding system value table before.copy_of_",
                t,
                ";",
            ]
            .concat()
        };
        // a replica's triggers are silent: neither the notes nor the foreign keys, which hold again at the end
        let tables: String = touched.iter().map(each).collect();
        let all =
            ["begin; set local session_replication_role = replica;", &tables, "delete from before.touched; commit;"];
        sqlx::raw_sql(AssertSqlSafe(all.concat())).execute(&self.pool).await.unwrap();
    }
}
