use leptos::prelude::*;

const WIDE: &str = "max-sm:hidden";

#[derive(Clone, Copy, Debug)]
pub struct Column {
    label: &'static str,
    number: bool,
    wide: bool,
}

impl Column {
    pub const fn text(label: &'static str) -> Self {
        Self { label, number: false, wide: false }
    }

    /// Only where there is room for it; its cells say the same.
    pub const fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    pub const fn number(label: &'static str) -> Self {
        Self { label, number: true, wide: false }
    }
}

/// A table that scrolls sideways inside its card rather than the page.
#[component]
pub fn Table(#[prop(into)] label: String, columns: &'static [Column], children: Children) -> impl IntoView {
    let head = columns
        .iter()
        .map(|column| {
            let align = if column.number { "text-right" } else { "text-left" };
            let room = if column.wide { WIDE } else { "" };
            view! { <th scope="col" class=format!("{room} h-[34px] border-b border-line px-4 text-[12.5px] font-medium whitespace-nowrap text-ink-3 {align}")>{column.label}</th> }
        })
        .collect_view();
    let caption = label.clone();
    view! {
        <div class="relative overflow-x-auto" tabindex="0" role="region" aria-label=label>
            <table class="w-full border-collapse">
                <caption class="sr-only">{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}

/// `id` lets it be found again when the page is drawn anew.
#[component]
pub fn Row(#[prop(optional, into)] id: Option<String>, children: Children) -> impl IntoView {
    view! { <tr id=id class="border-b border-line last:border-b-0 hover:bg-sunk/60">{children()}</tr> }
}

#[component]
pub fn Cell(
    #[prop(optional)] number: bool,
    #[prop(optional)] quiet: bool,
    /// Of a column that is there only where there is room.
    #[prop(optional)]
    wide: bool,
    /// For sentences; anything else stays on one line.
    #[prop(optional)]
    wrap: bool,
    children: Children,
) -> impl IntoView {
    let align = if number { "text-right" } else { "" };
    let ink = if quiet { "text-ink-3" } else { "" };
    let lines = if wrap { "min-w-[16rem] py-2" } else { "whitespace-nowrap" };
    let room = if wide { WIDE } else { "" };
    view! { <td class=format!("h-11 px-4 {align} {ink} {lines} {room}")>{children()}</td> }
}

/// What people call a thing, and below it the name that addresses it. The whole is the link to it.
#[component]
pub fn NameCell(#[prop(into)] label: String, #[prop(into)] name: String, #[prop(into)] href: String) -> impl IntoView {
    view! {
        <th scope="row" class="h-11 max-w-[22rem] px-4 text-left font-normal">
            <a href=href class="block min-w-0 hover:underline underline-offset-2">
                <span class="block truncate leading-[1.3]">{label}</span>
                <span class="block truncate font-mono text-xs text-ink-3">{name}</span>
            </a>
        </th>
    }
}
