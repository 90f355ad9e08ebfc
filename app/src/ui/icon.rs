use leptos::prelude::*;

/// Lucide's icons, one static each: what isn't used isn't shipped.
pub use icondata_lu as lu;

pub type Glyph = icondata_core::Icon;

/// A decoration: the words beside it, or its button's label, say the same.
#[component]
pub fn Icon(glyph: Glyph, #[prop(default = "size-4")] size: &'static str) -> impl IntoView {
    view! {
        <svg
            class=format!("shrink-0 {size}")
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=glyph.data
        ></svg>
    }
}

#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <span class="flex items-center gap-[9px] text-[15px] font-semibold tracking-[-0.01em]">
            <svg class="size-[22px] text-accent" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" aria-hidden="true">
                <path d="M6 20V9.5a6 6 0 0 1 12 0V20" />
                <path d="M3 20h18" />
                <path d="M9.5 20v-6M14.5 20v-6" stroke-width="1.8" />
            </svg>
            "Berth"
        </span>
    }
}
