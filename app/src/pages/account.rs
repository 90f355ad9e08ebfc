//! `/w/{workspace}/account`: one's own password, sessions and tokens.

use contract::{
    page::PageRequest,
    user::{NewToken, PasswordChange, Session, Token},
};
use leptos::prelude::*;

use crate::{
    calls::{
        CallError,
        account::{ChangePassword, CreateToken, EndSession, RevokeToken, list_sessions, list_tokens},
    },
    components::{CallForm, Page, PageHead},
    pages::workspace,
    ui::{
        Button, Card, CardBody, CardHead, Cell, Column, Crumb, Dialog, Kind, Notice, RelativeTime, Row, Table,
        TextField, Tone,
    },
    viewer::viewer,
};

const SESSIONS: &[Column] = &[
    Column::text("Browser"),
    Column::text("Signed in from").wide(),
    Column::text("Signed in").wide(),
    Column::text("Last seen"),
    Column::text(""),
];
const TOKENS: &[Column] = &[
    Column::text("Token"),
    Column::text("Made").wide(),
    Column::text("Last used").wide(),
    Column::text("Expires"),
    Column::text(""),
];

#[component]
pub fn Account() -> impl IntoView {
    let slug = workspace();
    let who = viewer().map(|viewer| viewer.account).unwrap_or_default();
    view! {
        <Page title="Account" crumbs=vec![Crumb::here("Account")]>
            <PageHead title="Account" below=move || view! { <p class="[overflow-wrap:anywhere]">{who.clone()}</p> } />
            {Suspend::new(async move {
                let (sessions, tokens) =
                    futures::join!(list_sessions(slug.clone()), list_tokens(slug, PageRequest::whole()));
                view! {
                    <div class="grid gap-4.5">
                        <Tokens tokens=tokens.map(|page| page.items) />
                        <Sessions sessions />
                        <Password />
                    </div>
                }
            })}
        </Page>
    }
}

#[component]
fn Password() -> impl IntoView {
    let call = ChangePassword { workspace: workspace(), change: PasswordChange::default() };
    view! {
        <Card>
            <CardHead title="Password" />
            <CardBody>
                <CallForm call fields="change" said="Your password was changed." class="grid max-w-[26rem] gap-4.5">
                    <TextField name="current_password" label="Current password" kind="password" autocomplete="current-password" />
                    <TextField
                        name="new_password"
                        label="New password"
                        kind="password"
                        autocomplete="new-password"
                        hint=Some("12 characters or more.".to_owned())
                    />
                    <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
                        <Button kind=Kind::Primary submit=true>"Change password"</Button>
                        <p class="min-w-0 flex-1 basis-48 text-sm text-ink-3">"Your other sessions end. Tokens stay until you revoke them."</p>
                    </div>
                </CallForm>
            </CardBody>
        </Card>
    }
}

#[component]
fn Sessions(sessions: Result<Vec<Session>, CallError>) -> impl IntoView {
    let body = match sessions {
        Err(error) => refused("The sessions can't be shown.", &error),
        Ok(sessions) => {
            let slug = workspace();
            let row = move |session: Session| {
                let last = if session.current {
                    view! { <Cell number=true quiet=true>"this one"</Cell> }.into_any()
                } else {
                    let call = EndSession { workspace: slug.clone(), session: session.uuid };
                    let from = session.address.clone();
                    view! {
                        <Cell number=true>
                            <CallForm call said="The session has ended." class="contents">
                                <Button submit=true small=true>
                                    "End" <span class="sr-only">" the session from " {from}</span>
                                </Button>
                            </CallForm>
                        </Cell>
                    }
                    .into_any()
                };
                view! {
                    <Row id=format!("session-{}", session.uuid)>
                        <th scope="row" class="h-11 max-w-[22rem] px-4 text-left font-normal">
                            <span class="block truncate" title=session.agent.clone()>{browser(&session.agent)}</span>
                        </th>
                        <Cell wide=true>{session.address}</Cell>
                        <Cell quiet=true wide=true>
                            <RelativeTime at=session.created_at />
                        </Cell>
                        <Cell quiet=true>
                            <RelativeTime at=session.last_seen_at />
                        </Cell>
                        {last}
                    </Row>
                }
            };
            view! {
                <Table label="Sessions" columns=SESSIONS>
                    {sessions.into_iter().map(row).collect_view()}
                </Table>
            }
            .into_any()
        }
    };
    view! {
        <Card>
            <CardHead title="Sessions">"where you are signed in"</CardHead>
            {body}
        </Card>
    }
}

#[component]
fn Tokens(tokens: Result<Vec<Token>, CallError>) -> impl IntoView {
    let body = match tokens {
        Err(error) => refused("The tokens can't be shown.", &error),
        Ok(tokens) if tokens.is_empty() => {
            view! { <p class="px-4 py-8 text-center text-ink-2">"You have no tokens. A program that calls the API signs in with one."</p> }
                .into_any()
        }
        Ok(tokens) => {
            let slug = workspace();
            let row = move |token: Token| {
                let call = RevokeToken { workspace: slug.clone(), token: token.uuid };
                let (label, said) = (token.label.clone(), format!("{} was revoked.", token.label));
                let time = |at: Option<time::OffsetDateTime>, none: &'static str| match at {
                    Some(at) => view! { <RelativeTime at /> }.into_any(),
                    None => none.into_any(),
                };
                view! {
                    <Row id=format!("token-{}", token.uuid)>
                        <th scope="row" class="h-11 max-w-[22rem] px-4 text-left font-normal">
                            <span class="block truncate">{token.label}</span>
                        </th>
                        <Cell quiet=true wide=true>
                            <RelativeTime at=token.created_at />
                        </Cell>
                        <Cell quiet=true wide=true>{time(token.last_used_at, "never")}</Cell>
                        <Cell quiet=true>{time(token.expires_at, "never")}</Cell>
                        <Cell number=true>
                            <CallForm call said class="contents">
                                <Button submit=true small=true kind=Kind::Danger>
                                    "Revoke" <span class="sr-only">" " {label}</span>
                                </Button>
                            </CallForm>
                        </Cell>
                    </Row>
                }
            };
            view! {
                <Table label="Tokens" columns=TOKENS>
                    {tokens.into_iter().map(row).collect_view()}
                </Table>
            }
            .into_any()
        }
    };
    view! {
        <Card>
            <CardHead title="Tokens">
                <Button small=true opens="new-token">"New token"</Button>
            </CardHead>
            {body}
        </Card>
        <NewTokenDialog />
    }
}

/// Asks for a label; shows what was made, this once.
#[component]
fn NewTokenDialog() -> impl IntoView {
    let call = CreateToken { workspace: workspace(), new: NewToken::default() };
    view! {
        <Dialog id="new-token" title="New token">
            <CallForm call fields="new" stays=true>
                <TextField name="label" label="Label" hint=Some("What will use it.".to_owned()) />
                <TextField
                    name="expires_in_days"
                    label="Days until it expires"
                    inputmode="numeric"
                    filled="90".to_owned()
                    hint=Some("Empty: it doesn't.".to_owned())
                />
                <div data-once hidden role="status" class="grid gap-2 rounded-sm border border-line bg-sunk p-3">
                    <p class="text-sm">"Copy it now: it is not shown again."</p>
                    <code id="made-token" data-answer class="font-mono text-sm [overflow-wrap:anywhere]"></code>
                    <div><Button small=true copies="made-token">"Copy"</Button></div>
                </div>
                <div class="flex justify-end gap-2">
                    <Button closes="new-token">"Close"</Button>
                    <Button kind=Kind::Primary submit=true>"Make it"</Button>
                </div>
            </CallForm>
        </Dialog>
    }
}

fn refused(cause: &'static str, error: &CallError) -> AnyView {
    view! { <div class="p-4"><Notice tone=Tone::Bad cause evidence=Some(error.to_string()) /></div> }.into_any()
}

/// The browser and the system, as far as they can be told from what a browser says of itself.
fn browser(agent: &str) -> String {
    // every browser claims to be several others: the most particular names first
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "Unknown".to_owned(),
        (None, None) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        let said = |agent: &str| browser(agent);
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        assert_eq!(said(chrome), "Chrome on Linux");
        assert_eq!(said(&format!("{chrome} Edg/130.0")), "Edge on Linux");
        assert_eq!(
            said("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) Gecko/20100101 Firefox/131.0"),
            "Firefox on macOS"
        );
        assert_eq!((said(""), said("curl/8.0"), said("odd")), ("Unknown".into(), "curl".into(), "odd".into()));
    }
}
