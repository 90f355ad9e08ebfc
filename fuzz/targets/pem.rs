//! Certificates and keys in a create that is good but for them. One text is all of them: each reads the sections that it wants.
#![no_main]

use serde_json::json;

libfuzzer_sys::fuzz_target!(|pem: &str| {
    let body = json!({
        "service_type": "postgres", "project_id": "0198c0de-0000-7000-8000-000000000001", "label": "Orders",
        "postgres_version": "17", "creation_mode": "external_replica", "external_host": "db.example.com",
        "auth_type": "tls", "replication_username": "replicator", "ca_crt": pem, "tls_crt": pem, "tls_key": pem
    });
    fuzz::create(body.to_string().as_bytes());
});
