//! What somebody agrees to by creating a replica of a source that he was warned of.

use std::time::Duration;

use contract::Caller;
use contract::spec::Source;
use sqlx::PgConnection;

use crate::error::Error;
use crate::port::SslMode;

/// How long a warning is known.
const KNOWN: Duration = Duration::from_secs(60 * 60);

/// Notes how a source was found when somebody checked it: what is less than all of TLS, he has been warned of.
pub(crate) async fn note(
    connection: &mut PgConnection,
    who: &Caller,
    source: &Source,
    found: SslMode,
) -> Result<(), Error> {
    let (host, port) = (source.host.as_str(), i32::from(source.port.number()));
    sqlx::query!(
        "delete from source_warnings
         where workspace_id = $1
           and (user_id = $2 and host = $3 and port = $4 or shown_at < now() - make_interval(secs => $5))",
        who.workspace_id,
        who.user_id,
        host,
        port,
        KNOWN.as_secs_f64()
    )
    .execute(&mut *connection)
    .await?;
    if let SslMode::VerifyCa | SslMode::Prefer = found {
        sqlx::query!(
            "insert into source_warnings (workspace_id, user_id, host, port, sslmode) values ($1, $2, $3, $4, $5)
             on conflict (workspace_id, user_id, host, port) do update set sslmode = $5, shown_at = now()",
            who.workspace_id,
            who.user_id,
            host,
            port,
            found.as_str()
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// What he was warned of last, not long ago.
pub(crate) async fn by(connection: &mut PgConnection, who: &Caller, source: &Source) -> Result<Option<SslMode>, Error> {
    let warned = sqlx::query_scalar!(
        "select sslmode from source_warnings
         where workspace_id = $1 and user_id = $2 and host = $3 and port = $4
           and shown_at > now() - make_interval(secs => $5)",
        who.workspace_id,
        who.user_id,
        source.host.as_str(),
        i32::from(source.port.number()),
        KNOWN.as_secs_f64()
    );
    Ok(warned.fetch_optional(connection).await?.as_deref().and_then(SslMode::parse))
}
