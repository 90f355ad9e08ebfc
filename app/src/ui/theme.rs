//! Light, dark, or as the system has it. The choice is a cookie, so that the server paints the right one at once.

use super::{Glyph, Icon, lu};
use leptos::prelude::*;

const COOKIE: &str = "theme";
const A_YEAR: u32 = 31_536_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// What the cookie and the form say; anything unknown is the system's.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.word() == word).unwrap_or_default()
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// `data-theme` on the document; absent for the system's.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.word())
    }

    /// The cookie that keeps the choice. No secret: the page's script writes it too.
    pub fn cookie(self) -> String {
        let age = if self == Self::System { 0 } else { A_YEAR };
        format!("{COOKIE}={}; Path=/; Max-Age={age}; SameSite=Lax", self.word())
    }

    /// What this request's cookie says. On the server only.
    pub fn of_request() -> Self {
        #[cfg(feature = "ssr")]
        {
            let header = use_context::<axum::http::request::Parts>().and_then(|parts| {
                let cookies =
                    parts.headers.get_all(axum::http::header::COOKIE).iter().filter_map(|line| line.to_str().ok());
                cookies
                    .flat_map(|line| line.split(';'))
                    .find_map(|pair| pair.trim().strip_prefix("theme=").map(Self::parse))
            });
            header.unwrap_or_default()
        }
        #[cfg(not(feature = "ssr"))]
        Self::System
    }

    fn face(self) -> (Glyph, &'static str) {
        match self {
            Self::System => (lu::LuMonitor, "As the system has it"),
            Self::Light => (lu::LuSun, "Light"),
            Self::Dark => (lu::LuMoon, "Dark"),
        }
    }
}

/// Three buttons: a plain form post to `/theme` (`theme`, `back`) without script; at once and without a request with it
/// (`frontend/page/theme.ts`).
#[component]
pub fn ThemeSwitch(theme: Theme, back: String) -> impl IntoView {
    let chosen = theme;
    let buttons = Theme::ALL.map(|theme| {
        let (glyph, name) = theme.face();
        view! {
            <button
                type="submit"
                name="theme"
                value=theme.word()
                title=name
                aria-label=name
                aria-pressed=(chosen == theme).to_string()
                class="grid size-6 place-items-center rounded-[4px] text-ink-3 hover:text-ink aria-pressed:bg-card aria-pressed:text-ink aria-pressed:ring-1 aria-pressed:ring-line"
            >
                <Icon glyph size="size-3.5" />
            </button>
        }
    });
    view! {
        <form method="post" action=crate::paths::THEME data-theme-switch>
            <input type="hidden" name="back" value=back />
            <div
                role="group"
                aria-label="Theme"
                class="inline-flex gap-0.5 rounded-sm border border-line bg-sunk p-0.5"
            >
                {buttons.into_iter().collect_view()}
            </div>
        </form>
    }
}
