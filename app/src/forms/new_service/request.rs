use std::time::Duration;

use contract::{NewService, capabilities::Runtime, scalar::Raw};
use leptos::{prelude::*, task::spawn_local};

use super::Form;
use crate::calls::services::preview_service;
use crate::ui::{Card, CardBody, CardHead, Choice, Segmented, WellBlock};

/// How long one may go on typing before the cluster is asked.
const REST: Duration = Duration::from_millis(400);

/// The same request for a program; and, where it runs on Kubernetes, the objects that it leads to.
#[component]
pub fn Request(form: Form, slug: String) -> impl IntoView {
    let format = RwSignal::new("curl".to_owned());
    let yaml = RwSignal::new(String::new());
    let text = Signal::derive(move || match format.get().as_str() {
        "curl" => curl(&json(&form.judged.get().wire)),
        YAML => yaml.get(),
        _ => json(&form.judged.get().wire),
    });
    let mut formats = vec![Choice::new("curl", "curl"), Choice::new("json", "JSON")];
    if form.offer.get_untracked().capabilities.runtime == Runtime::Kubernetes {
        formats.push(Choice::new(YAML, "YAML"));
        follow(form, slug, format, yaml);
    }
    view! {
        <Card>
            <CardHead title="Request">
                <Segmented name="request_format" label="Format" value=format options=formats hide_label=true />
            </CardHead>
            <CardBody>
                <WellBlock text label="the request" />
            </CardBody>
        </Card>
    }
}

const YAML: &str = "yaml";

/// Asks what the request would lead to whenever it has become another one that the contract has nothing against; what the cluster
/// refuses stands at its fields.
fn follow(form: Form, slug: String, format: RwSignal<String>, yaml: RwSignal<String>) {
    Effect::new(move || {
        let judged = form.judged.get();
        if format.get() != YAML {
            return;
        }
        if !judged.problems.is_empty() {
            return yaml.update(|text| {
                if text.is_empty() {
                    text.push_str("Complete the form to see it");
                }
            });
        }
        let (slug, wire) = (slug.clone(), judged.wire.clone());
        let still = move |wire: &NewService| form.judged.get_untracked().wire == *wire;
        let ask = move || {
            if still(&wire) {
                spawn_local(async move {
                    let answer = preview_service(slug, wire.clone()).await;
                    match answer {
                        _ if !still(&wire) => {}
                        Ok(text) => yaml.set(text),
                        Err(error) if error.problems().is_empty() => yaml.set(error.to_string()),
                        Err(error) => form.refuse(error.problems().to_vec()),
                    }
                });
            }
        };
        set_timeout(ask, REST);
    });
}

/// What is secret in it stands as dots.
fn json(wire: &NewService) -> String {
    let mut wire = wire.clone();
    for secret in [&mut wire.replication_password, &mut wire.tls_key, &mut wire.s3_access_key, &mut wire.s3_secret_key]
    {
        if !secret.is_absent() {
            *secret = Raw::from("••••");
        }
    }
    serde_json::to_string_pretty(&wire).unwrap_or_default()
}

/// Runs as it stands in a POSIX shell that has BERTH and TOKEN.
fn curl(json: &str) -> String {
    let quoted = json.replace('\'', r"'\''");
    format!("curl \"$BERTH/api/v1/services\" \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  --json '{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_runs_in_a_shell_as_it_stands() {
        let wire = NewService { label: "it's \"new\" $HOME".into(), ram_size: 256.0.into(), ..NewService::default() };
        insta::assert_snapshot!(curl(&json(&wire)), @r#"
        curl "$BERTH/api/v1/services" \
          -H "Authorization: Bearer $TOKEN" \
          --json '{
          "label": "it'\''s \"new\" $HOME",
          "ram_size": 256
        }'
        "#);
    }
}
