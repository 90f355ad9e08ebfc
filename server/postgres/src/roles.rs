//! Roles, databases and sessions. Identifiers and literals are quoted by the server (`format` with `%I` and `%L`), never here.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::error::Result;
use crate::{Host, secret};

impl Host {
    /// Makes sure that a role `name` can sign in with the password behind `verifier` (see [`crate::scram_verifier`]) and owns a database of
    /// the same name, and its schema `public`, that no other role can connect to. Repeating it, also after a crash half way, ends in the
    /// same; another verifier takes the earlier one's place.
    ///
    /// # Errors
    /// The server isn't there or refuses.
    pub async fn ensure_role_and_database(&self, dir: &Path, name: &str, verifier: &SecretString) -> Result<()> {
        let client = self.superuser(dir).await?;
        let role = "select 1 from pg_roles where rolname = $1";
        if !exists(&client, role, &[&name]).await? {
            run(&client, "select format('CREATE ROLE %I', $1::text)", &[&name]).await?;
        }
        set_password(&client, name, verifier).await?;
        let database = "select 1 from pg_database where datname = $1";
        if !exists(&client, database, &[&name]).await? {
            let create = "select format('CREATE DATABASE %1$I OWNER %1$I', $1::text)";
            run(&client, create, &[&name]).await?;
        }
        let keep_out = "select format('REVOKE ALL ON DATABASE %I, postgres, template1 FROM PUBLIC', $1::text)";
        run(&client, keep_out, &[&name]).await?;
        let client = self.superuser_in(dir, name).await?;
        // Its owner may have dropped it. Up to 14, PUBLIC may create in it.
        let schema = "select 1 from pg_namespace where nspname = $1";
        if exists(&client, schema, &[&"public"]).await? {
            run(&client, "select format('ALTER SCHEMA public OWNER TO %I', $1::text)", &[&name]).await?;
            client.batch_execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await?;
        }
        Ok(())
    }

    /// Replaces the superuser's password by a fresh one, in the file and on the server. A crash in between is mended by the next start.
    ///
    /// # Errors
    /// The server isn't there or refuses.
    pub async fn rotate_superuser(&self, dir: &Path) -> Result<()> {
        let server = crate::server::Server::at(dir)?;
        let _guard = self.lock(dir).await;
        let client = self.superuser(dir).await?;
        let new = secret::random_password();
        if let Some(old) = secret::read(&server.superuser())? {
            secret::write(&server.initial_superuser(), &old)?;
        }
        secret::write(&server.superuser(), &new)?;
        set_password(&client, "postgres", &secret::scram_verifier(&new)).await?;
        crate::disk::remove_file(&server.initial_superuser())
    }
}

/// Lets a role sign in, with the password behind `verifier`. Its sessions stay: see [`terminate_sessions`].
///
/// # Errors
/// No such role, or no right to change it.
pub async fn set_password(client: &Client, role: &str, verifier: &SecretString) -> Result<()> {
    let alter = "select format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)";
    run(client, alter, &[&role, &verifier.expose_secret()]).await
}

/// Ends the sessions of a role but this one, and returns how many there were.
///
/// # Errors
/// The server isn't there.
pub async fn terminate_sessions(client: &Client, role: &str) -> Result<u64> {
    let ended = client
        .query(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 and pid <> pg_backend_pid()",
            &[&role],
        )
        .await?;
    Ok(ended.len() as u64)
}

/// Makes new transactions of all databases read-only by default, or not any more. A session can switch it back for itself: this is a
/// fence against filling the disk, not against ill will.
///
/// # Errors
/// The client isn't a superuser's, or the server isn't there.
pub async fn set_read_only(client: &Client, read_only: bool) -> Result<()> {
    client
        .batch_execute(match read_only {
            true => "ALTER SYSTEM SET default_transaction_read_only = on",
            false => "ALTER SYSTEM RESET default_transaction_read_only",
        })
        .await?;
    client.batch_execute("SELECT pg_reload_conf()").await?;
    Ok(())
}

async fn exists(client: &Client, query: &str, values: &[&(dyn ToSql + Sync)]) -> Result<bool> {
    Ok(!client.query(query, values).await?.is_empty())
}

/// Lets the server write a statement out of a pattern and values, and run it.
async fn run(client: &Client, pattern: &str, values: &[&(dyn ToSql + Sync)]) -> Result<()> {
    let statement: String = client.query_one(pattern, values).await?.try_get(0)?;
    Ok(client.batch_execute(&statement).await?)
}
