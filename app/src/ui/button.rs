use leptos::{ev::MouseEvent, prelude::*};

use super::{Glyph, Icon, dynamic, lu, on};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one thing to press on a page.
    Primary,
    #[default]
    Secondary,
    /// What can't be taken back.
    Danger,
    /// Reads like a link.
    Link,
}

impl Kind {
    fn class(self, small: bool, wide: bool) -> String {
        let size = match (self, small) {
            (Self::Link, true) => "text-sm",
            (Self::Link, false) => "",
            (_, true) => "h-7 px-2.5 text-sm",
            (_, false) => "h-[34px] px-[13px]",
        };
        let look = match self {
            Self::Primary => "border border-accent bg-accent text-accent-ink enabled:hover:brightness-110",
            Self::Secondary => "border border-line-strong bg-card text-ink hover:border-control",
            Self::Danger => "border border-bad bg-card text-bad hover:bg-bad-soft",
            Self::Link => "text-accent underline-offset-2 hover:underline",
        };
        let width = if wide { "w-full" } else { "" };
        format!(
            "inline-flex items-center justify-center gap-[7px] rounded-sm font-medium whitespace-nowrap transition-colors select-none \
             aria-disabled:cursor-not-allowed aria-disabled:opacity-55 {size} {look} {width}"
        )
    }
}

/// A button that can say why it can't be used: while `refused` holds a reason, that reason stands below (or, in a `quiet` button, in
/// its tooltip), it is read out with the button, and a press does nothing. It keeps the keyboard's focus then, so that the reason can be found.
#[component]
pub fn Button(
    children: Children,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] small: bool,
    #[prop(optional)] wide: bool,
    #[prop(optional)] submit: bool,
    #[prop(optional)] icon: Option<Glyph>,
    /// Unique on the page. Names the reason's element, too; give one wherever `refused` is given.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(optional, into)] busy: Signal<bool>,
    #[prop(optional, into)] refused: Signal<Option<String>>,
    #[prop(optional)] quiet: bool,
    /// The id of a dialog that a press opens or closes.
    #[prop(optional, into)]
    opens: Option<String>,
    #[prop(optional, into)] closes: Option<String>,
    /// The id of an element whose text a press copies; an island has a [`super::CopyButton`].
    #[prop(optional, into)]
    copies: Option<String>,
    #[prop(optional, into)] on_press: Option<Callback<MouseEvent>>,
) -> impl IntoView {
    let reason_id = id.as_ref().map(|id| format!("{id}-reason"));
    let described = reason_id.clone();
    let is_refused = move || refused.get().is_some();
    let yes_if = |off: bool| off.then(|| "true".to_owned());
    let off = Signal::derive(move || yes_if(busy.get() || is_refused()));
    let is_busy = Signal::derive(move || yes_if(busy.get()));
    let described = Signal::derive(move || described.clone().filter(|_| is_refused()));
    let title = Signal::derive(move || refused.get().filter(|_| quiet));
    let press = move |event: MouseEvent| {
        if busy.get_untracked() || refused.get_untracked().is_some() {
            event.prevent_default();
        } else if let Some(on_press) = on_press {
            on_press.run(event);
        }
    };
    let reason_class = if quiet { "sr-only" } else { "mt-1.5 text-center text-sm text-ink-3 text-balance" };
    view! {
        <span class=if wide { "grid" } else { "inline-grid justify-items-center" }>
            <button
                id=id
                type=if submit { "submit" } else { "button" }
                class=kind.class(small, wide)
                aria-disabled=off
                aria-busy=is_busy
                aria-describedby=described
                title=title
                data-opens=opens
                data-closes=closes
                data-copies=copies
                on:click=on(press)
            >
                {dynamic(move || match (busy.get(), icon) {
                    (true, _) => view! { <Spinner /> }.into_any(),
                    (false, Some(glyph)) => view! { <Icon glyph /> }.into_any(),
                    (false, None) => ().into_any(),
                })}
                {children()}
            </button>
            {dynamic(move || match refused.get() {
                Some(reason) => view! { <span id=reason_id.clone() class=reason_class>{reason}</span> }.into_any(),
                None => ().into_any(),
            })}
        </span>
    }
}

#[component]
fn Spinner() -> impl IntoView {
    view! {
        <span class="inline-flex animate-spin">
            <Icon glyph=lu::LuLoaderCircle />
        </span>
    }
}

/// A link that looks like a button: for going somewhere, not for doing something.
#[component]
pub fn ButtonLink(
    children: Children,
    #[prop(into)] href: String,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] small: bool,
    #[prop(optional)] icon: Option<Glyph>,
) -> impl IntoView {
    view! {
        <a href=href class=kind.class(small, false)>
            {icon.map(|glyph| view! { <Icon glyph /> })}
            {children()}
        </a>
    }
}
