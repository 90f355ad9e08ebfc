//! Commits that give their locks back early.

use sqlx::PgPool;

use super::*;

/// More than the WAL writer's luck: it flushes by itself now and then.
const TIMES: usize = 50;

async fn is_flushed(connection: &mut PgConnection, end: &str) -> bool {
    let flushed = sqlx::query_scalar("select pg_current_wal_flush_lsn() >= $1::pg_lsn").bind(end);
    flushed.fetch_one(connection).await.unwrap()
}

#[sqlx::test]
async fn what_was_committed_early_is_on_the_disk_behind_a_flush(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("create table t (n int8)").execute(&mut *connection).await.unwrap();
    let mut early = 0;
    for n in 0..TIMES {
        let mut transaction = connection.begin().await.unwrap();
        flush_later(&mut transaction).await.unwrap();
        let insert = sqlx::query("insert into t values ($1)").bind(i64::try_from(n).unwrap());
        insert.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        let end: String =
            sqlx::query_scalar("select pg_current_wal_insert_lsn()::text").fetch_one(&mut *connection).await.unwrap();
        early += usize::from(!is_flushed(&mut connection, &end).await);
        flush(&mut connection).await.unwrap();
        assert!(is_flushed(&mut connection, &end).await, "{n}");
    }
    assert!(early > TIMES / 2, "{early} of {TIMES} commits gave their locks back before the disk had them");
}

#[sqlx::test]
async fn the_next_transaction_waits_for_the_disk_again(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    flush_later(&mut transaction).await.unwrap();
    let now: String = sqlx::query_scalar("show synchronous_commit").fetch_one(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let next: String = sqlx::query_scalar("show synchronous_commit").fetch_one(&mut *connection).await.unwrap();
    assert_eq!((now.as_str(), next.as_str()), ("off", "on"));
}
