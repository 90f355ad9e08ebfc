use leptos::prelude::*;

use super::Tone;

const WIDTH: f64 = 1000.0;

/// What a pool holds: in use, what would be taken now, and the whole. Taking too much turns red, a nearly full pool amber.
#[component]
pub fn Meter(
    #[prop(into)] label: Signal<String>,
    /// The same in words, at the right: "38 → 43 of 80 GiB". It is what is read out.
    #[prop(into)]
    words: Signal<String>,
    #[prop(into)] used: Signal<f64>,
    #[prop(optional, into)] this: Signal<f64>,
    #[prop(into)] whole: Signal<f64>,
) -> impl IntoView {
    let parts = Memo::new(move |_| Parts::of(used.get(), this.get(), whole.get()));
    let words_class = move || match parts.get().tone {
        Some(tone) => tone.ink(),
        None if parts.get().preview => "text-ink-2",
        None => "text-ink",
    };
    view! {
        <div class="grid gap-[5px]">
            <div class="flex justify-between gap-3">
                <span class="text-ink-2">{label}</span>
                <span class=words_class>{words}</span>
            </div>
            <svg
                class="block h-3 w-full rounded-full bg-sunk ring-1 ring-line ring-inset"
                viewBox="0 0 1000 12"
                preserveAspectRatio="none"
                role="meter"
                aria-label=label
                aria-valuetext=words
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || format!("{:.0}", ((parts.get().used + parts.get().this) / WIDTH * 100.0).min(100.0))
            >
                <rect x="0" y="0" height="12" width=move || number(parts.get().used) class=move || parts.get().used_class()></rect>
                <rect x=move || number(parts.get().used) y="0" height="12" width=move || number(parts.get().this) class=move || parts.get().this_class()></rect>
            </svg>
        </div>
    }
}

/// The two grounds of a meter that shows before and after.
#[component]
pub fn Legend() -> impl IntoView {
    view! {
        <div class="flex flex-wrap gap-4 text-[12.5px] text-ink-2">
            <span class="inline-flex items-center gap-1.5"><span class="size-2 rounded-[2px] bg-idle opacity-45"></span>"in use"</span>
            <span class="inline-flex items-center gap-1.5"><span class="size-2 rounded-[2px] bg-accent"></span>"this service"</span>
        </div>
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Parts {
    used: f64,
    this: f64,
    /// Shows before and after: what is in use steps back then.
    preview: bool,
    tone: Option<Tone>,
}

impl Parts {
    fn of(used: f64, this: f64, whole: f64) -> Self {
        let scale = WIDTH / if whole > 0.0 { whole } else { 1.0 };
        let (used, this) = (used.max(0.0), this.max(0.0));
        let wide = (used * scale).min(WIDTH);
        let tone = match (used + this, whole) {
            (taken, whole) if taken > whole => Some(Tone::Bad),
            (taken, whole) if taken >= whole * 0.9 && whole > 0.0 => Some(Tone::Warn),
            _ => None,
        };
        Self { used: wide, this: (this * scale).min(WIDTH - wide), preview: this > 0.0, tone }
    }

    fn used_class(self) -> &'static str {
        match (self.preview, self.tone) {
            (true, _) => "fill-idle opacity-45",
            (false, Some(tone)) => tone.fill(),
            (false, None) => "fill-accent",
        }
    }

    fn this_class(self) -> &'static str {
        self.tone.map_or("fill-accent", Tone::fill)
    }
}

fn number(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_stays_inside_the_bar_and_turns_red() {
        let parts = Parts::of(42.0, 90.0, 100.0);
        assert_eq!((parts.used, parts.this, parts.tone), (420.0, 580.0, Some(Tone::Bad)));
    }

    #[test]
    fn nearly_full_is_amber_and_an_empty_pool_is_not_a_number_trap() {
        assert_eq!(Parts::of(90.0, 0.0, 100.0).tone, Some(Tone::Warn));
        assert_eq!(Parts::of(0.0, 0.0, 0.0), Parts { used: 0.0, this: 0.0, preview: false, tone: None });
    }
}
