use leptos::prelude::*;

use super::Tone;

const WIDTH: f64 = 1000.0;

/// How much there is of one kind, in one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// In use.
    pub used: f64,
    /// What would be taken now.
    pub this: f64,
    pub whole: f64,
}

/// What a pool holds. Taking too much turns red, a nearly full pool amber.
#[component]
pub fn Meter(
    #[prop(into)] label: String,
    /// The same in words, at the right: "38 → 43 of 80 GiB". It is what is read out.
    words: Signal<String>,
    level: Signal<Level>,
) -> impl IntoView {
    let parts = move || Parts::of(level.get());
    let text = |of: fn(Parts) -> String| Signal::derive(move || of(parts()));
    let words_class = text(|parts| match parts.tone {
        Some(tone) => tone.ink().to_owned(),
        None if parts.preview => "text-ink-2".to_owned(),
        None => "text-ink".to_owned(),
    });
    let now = text(|parts| whole((parts.used + parts.this) / WIDTH * 100.0));
    let (used, this) = (text(|parts| whole(parts.used)), text(|parts| whole(parts.this)));
    let (used_class, this_class) =
        (text(|parts| parts.used_class().to_owned()), text(|parts| parts.this_class().to_owned()));
    view! {
        <div class="grid gap-[5px]">
            <div class="flex justify-between gap-3">
                <span class="text-ink-2">{label.clone()}</span>
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
                aria-valuenow=now
            >
                <rect x="0" y="0" height="12" width=used class=used_class></rect>
                <rect x=used y="0" height="12" width=this class=this_class></rect>
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
    fn of(level: Level) -> Self {
        let Level { used, this, whole } = level;
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

/// Whole numbers are as fine as the picture is.
fn whole(value: f64) -> String {
    (value.round() as u32).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_stays_inside_the_bar_and_turns_red() {
        let parts = Parts::of(Level { used: 42.0, this: 90.0, whole: 100.0 });
        assert_eq!((parts.used, parts.this, parts.tone), (420.0, 580.0, Some(Tone::Bad)));
    }

    #[test]
    fn nearly_full_is_amber_and_an_empty_pool_is_not_a_number_trap() {
        assert_eq!(Parts::of(Level { used: 90.0, this: 0.0, whole: 100.0 }).tone, Some(Tone::Warn));
        assert_eq!(Parts::of(Level::default()), Parts { used: 0.0, this: 0.0, preview: false, tone: None });
    }
}
