//! `/docs`: the OpenAPI document as a page. No script; made once, when the console starts.

use app::shell::Bundle;
use app::ui::{Card, CardBody, CardHead, Cell, Column, Row, Table};
use leptos::prelude::*;
use serde_json::Value;

const FIELDS: &[Column] = &[Column::text("Name"), Column::text("Type"), Column::text("What it is")];
const ANSWERS: &[Column] = &[Column::text("Status"), Column::text("Body"), Column::text("When")];

/// The whole page.
pub(super) fn page(document: &Value, bundle: &Bundle) -> String {
    let owner = Owner::new();
    owner.with(|| whole(document, bundle).to_html())
}

fn whole(document: &Value, bundle: &Bundle) -> AnyView {
    let style = bundle.complete.then(|| view! { <link rel="stylesheet" href=format!("{}/berth.css", bundle.root) /> });
    let tags = list(&document["tags"]);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <title>"API · Berth"</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                {style}
            </head>
            <body class="font-sans">
                <main class="mx-auto max-w-[1240px] px-4 py-10 md:px-7">
                    <h1 class="text-xl font-semibold">"The API"</h1>
                    <p class="mt-1.5 text-ink-2">{text(&document["info"], "description")}</p>
                    <p class="mt-1.5 text-ink-2">
                        "Every request but those of auth carries " <code class="font-mono">"Authorization: Bearer …"</code>
                        "; every answer carries " <code class="font-mono">"X-Request-Id"</code> ". The same for programs: "
                        <a class="text-accent" href="/api/v1/openapi.json">"openapi.json"</a>
                    </p>
                    <nav aria-label="Contents" class="mt-6"><ul>{tags.iter().map(entry).collect_view()}</ul></nav>
                    {tags.iter().map(|tag| section(document, tag)).collect_view()}
                    <h2 id="schemas" class="mt-8 mb-4 text-lg font-semibold">"Schemas"</h2>
                    <div class="grid gap-4">{pairs(&document["components"]["schemas"]).map(schema).collect_view()}</div>
                </main>
            </body>
        </html>
    }
    .into_any()
}

fn entry(tag: &Value) -> AnyView {
    let name = text(tag, "name");
    let link = view! { <a class="text-accent" href=format!("#{name}")>{name.clone()}</a> };
    view! { <li>{link} " – " {text(tag, "description")}</li> }.into_any()
}

/// The operations of one tag.
fn section(document: &Value, tag: &Value) -> AnyView {
    let name = text(tag, "name");
    let of_tag = |operation: &&Value| list(&operation["tags"]).iter().any(|tag| *tag == name);
    let operations = pairs(&document["paths"]).flat_map(|(path, methods)| {
        pairs(methods).filter(move |(_, it)| of_tag(it)).map(move |(method, it)| operation(method, path, it))
    });
    view! {
        <h2 id=name.clone() class="mt-8 mb-4 text-lg font-semibold">{text(tag, "description")}</h2>
        <div class="grid gap-4">{operations.collect_view()}</div>
    }
    .into_any()
}

fn operation(method: &str, path: &str, it: &Value) -> AnyView {
    let parameters = list(&it["parameters"]);
    let fields =
        (!parameters.is_empty()).then(|| table("Parameters", FIELDS, parameters.iter().map(parameter).collect()));
    let body = it.pointer("/requestBody/content/application~1json/schema").map(|schema| {
        view! { <p>"Body, as JSON or as a form: " {kind(schema)}</p> }
    });
    let answers = pairs(&it["responses"]).map(|(status, it)| answer(status, it)).collect();
    let answers = table("Answers", ANSWERS, answers);
    let (id, title, about) = (text(it, "operationId"), text(it, "summary"), text(it, "description"));
    let line = format!("{} {path}", method.to_uppercase());
    view! {
        <Card>
            <CardHead title><code id=id class="font-mono text-ink">{line}</code></CardHead>
            <CardBody>
                <p class="text-ink-2 empty:hidden">{about}</p>
                {fields}
                {body}
                {answers}
            </CardBody>
        </Card>
    }
    .into_any()
}

fn parameter(it: &Value) -> AnyView {
    let place = format!("in {}", text(it, "in"));
    row(
        name(&text(it, "name"), it["required"] == true),
        // that it may be empty is said once for all of them
        kind(it.pointer("/schema/anyOf/0").unwrap_or(&it["schema"])),
        format!("{} ({place})", text(it, "description")),
    )
}

fn answer(status: &str, it: &Value) -> AnyView {
    let content = pairs(&it["content"]).next().map(|(_, content)| kind(&content["schema"]));
    row(status.to_owned().into_any(), content.unwrap_or_else(|| ().into_any()), text(it, "description"))
}

/// A type of the contract, field by field.
fn schema((name, it): (&String, &Value)) -> AnyView {
    let parts = std::iter::once(it).chain(list(&it["allOf"]));
    let (whole, own): (Vec<_>, Vec<_>) = parts.partition(|part| part["$ref"].is_string());
    let fields: Vec<_> = own.into_iter().flat_map(fields).collect();
    let fields = (!fields.is_empty()).then(|| table("Fields", FIELDS, fields));
    let whole = whole.into_iter().map(|part| view! { <p>"Everything of " {kind(part)} ", and"</p> }).collect_view();
    let words = (it["properties"].is_null() && it["allOf"].is_null()).then(|| view! { <p>{kind(it)}</p> });
    let (id, title, about) = (anchor(name), name.clone(), text(it, "description"));
    view! {
        <div id=id>
            <Card>
                <CardHead title />
                <CardBody>
                    <p class="text-ink-2 empty:hidden">{about}</p>
                    {words}
                    {whole}
                    {fields}
                </CardBody>
            </Card>
        </div>
    }
    .into_any()
}

fn fields(schema: &Value) -> Vec<AnyView> {
    let required = |field: &str| list(&schema["required"]).iter().any(|it| it == field);
    pairs(&schema["properties"]).map(|(field, it)| row(name(field, required(field)), kind(it), about(it))).collect()
}

/// Said of the field itself, or of what it may be.
fn about(field: &Value) -> String {
    let own = text(field, "description");
    if own.is_empty() { text(&field["oneOf"][0], "description") } else { own }
}

fn table(label: &'static str, columns: &'static [Column], rows: Vec<AnyView>) -> AnyView {
    view! { <Table label columns>{rows}</Table> }.into_any()
}

fn row(first: AnyView, second: AnyView, third: String) -> AnyView {
    view! { <Row><Cell>{first}</Cell><Cell wrap=true>{second}</Cell><Cell wrap=true>{third}</Cell></Row> }.into_any()
}

fn name(name: &str, required: bool) -> AnyView {
    let mark = required.then(|| view! { <span class="text-sm text-ink-3">" (needed)"</span> });
    view! { <code class="font-mono">{name.to_owned()}</code> {mark} }.into_any()
}

/// A type in words, with links to the schemas in it.
fn kind(schema: &Value) -> AnyView {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return view! { <a class="text-accent" href=format!("#{}", anchor(name))>{name.to_owned()}</a> }.into_any();
    }
    let either = ["oneOf", "anyOf", "allOf"].iter().find_map(|word| schema[*word].as_array());
    if let Some(either) = either {
        return either
            .iter()
            .map(kind)
            .reduce(|a, b| view! { {a} " or " {b} }.into_any())
            .unwrap_or_else(|| ().into_any());
    }
    if !schema["items"].is_null() {
        return view! { "list of " {kind(&schema["items"])} }.into_any();
    }
    if !schema["contentSchema"].is_null() {
        return view! { "string, JSON of " {kind(&schema["contentSchema"])} }.into_any();
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(plain).collect::<Vec<_>>().join(" | ").into_any();
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(plain).collect::<Vec<_>>().join(" or "),
        kind => plain(kind),
    };
    let format = schema["format"].as_str().map(|format| format!(" ({format})"));
    format!("{kinds}{}", format.unwrap_or_default()).into_any()
}

fn anchor(schema: &str) -> String {
    format!("schema-{schema}")
}

fn text(value: &Value, key: &str) -> String {
    plain(&value[key])
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn pairs(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_schema() {
        let (_, document) = crate::http::openapi::api();
        let html = page(&document, &Bundle { root: "/pkg/x".into(), complete: true, ..Bundle::default() });
        for (path, methods) in pairs(&document["paths"]) {
            for (method, operation) in pairs(methods) {
                assert!(html.contains(&format!("{} {path}<", method.to_uppercase())), "{method} {path}");
                assert!(html.contains(&format!("id=\"{}\"", text(operation, "operationId"))));
            }
        }
        for (name, _) in pairs(&document["components"]["schemas"]) {
            assert!(html.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        for link in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{link} leads nowhere");
        }
        assert!(!html.contains("<script") && !html.contains("style=\"") && html.contains("/pkg/x/berth.css"));
    }

    #[test]
    fn h19_what_the_document_says_is_text() {
        let document = json!({ "info": { "description": "<script>alert(1)</script>" }, "tags": [], "paths": {} });
        let html = page(&document, &Bundle::default());
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
    }
}
