use contract::NewService;
use leptos::prelude::*;

use super::Form;
use crate::ui::{Card, CardBody, CardHead, Choice, Segmented, WellBlock};

/// The same request for a program.
#[component]
pub fn Request(form: Form) -> impl IntoView {
    let format = RwSignal::new("curl".to_owned());
    let text = Signal::derive(move || {
        let json = json(&form.judged.get().wire);
        if format.get() == "curl" { curl(&json) } else { json }
    });
    let formats = vec![Choice::new("curl", "curl"), Choice::new("json", "JSON")];
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

fn json(wire: &NewService) -> String {
    serde_json::to_string_pretty(wire).unwrap_or_default()
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
