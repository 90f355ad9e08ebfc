//! Charts as plain SVG: drawn by the server, read by everybody.

use leptos::prelude::*;

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// One value over time. `None`: nothing was measured then, and the line has a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Where it stands between the chart's two ends, 0 to 1.
    pub at: f64,
    pub value: Option<f64>,
    /// When that was: "12:04 UTC".
    pub when: String,
}

/// What is drawn of the samples: lines without gaps, as SVG paths, and the areas below them.
#[derive(Debug, PartialEq)]
struct Paths {
    lines: String,
    areas: String,
}

fn paths(samples: &[Sample], top: f64) -> Paths {
    let place = |sample: &Sample| {
        sample.value.map(|value| (sample.at * WIDTH, HEIGHT - (value / top).clamp(0.0, 1.0) * HEIGHT))
    };
    let (mut lines, mut areas) = (String::new(), String::new());
    for run in samples.split(|sample| sample.value.is_none()) {
        let points: Vec<_> = run.iter().filter_map(place).collect();
        let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
        let along: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let along = along.join("L");
        // a lone point is a short line: nobody sees a line of no length
        let tail = if points.len() == 1 { "h2" } else { "" };
        lines.push_str(&format!("M{along}{tail}"));
        areas.push_str(&format!("M{:.1} {HEIGHT}L{along}L{:.1} {HEIGHT}Z", first.0, last.0));
    }
    Paths { lines, areas }
}

/// The least round number that nothing is above: 1, 2 or 5 times a power of ten.
fn round_up(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(most.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= most * 0.999).unwrap_or(10.0);
    step * power
}

/// The newest value large, the course of it below, from a zero line to a round number; the same in words for those who listen.
#[component]
pub fn Chart(
    #[prop(into)] label: String,
    samples: Vec<Sample>,
    /// A value with its unit: "1.5 GiB".
    say: fn(f64) -> String,
    /// The top of the chart, where the thing has a natural one; else a round number above all.
    #[prop(optional_no_strip)]
    top: Option<f64>,
    /// What stands at the two ends: "12:04", "13:04 UTC".
    ends: (String, String),
) -> impl IntoView {
    let values: Vec<f64> = samples.iter().filter_map(|sample| sample.value).collect();
    let most = values.iter().copied().fold(0.0, f64::max);
    let now = samples.last().and_then(|sample| sample.value);
    let top = top.filter(|top| *top > 0.0).unwrap_or_else(|| round_up(most));
    let words = match (now, values.is_empty()) {
        (_, true) => format!("{label}: nothing was measured yet"),
        (Some(now), _) => format!("{label}: {} now, {} at most", say(now), say(most)),
        (None, _) => format!("{label}: not measured now, {} at most", say(most)),
    };
    let Paths { lines, areas } = paths(&samples, top);
    let wide = WIDTH / samples.len().max(1) as f64;
    let marks = samples.iter().filter_map(|sample| {
        let value = sample.value?;
        let x = (sample.at * WIDTH - wide / 2.0).max(0.0);
        Some(view! {
            <rect x=format!("{x:.1}") y="0" width=format!("{wide:.1}") height=HEIGHT fill="transparent">
                <title>{format!("{}: {}", sample.when, say(value))}</title>
            </rect>
        })
    });
    let marks = marks.collect_view();
    view! {
        <figure class="min-w-0 px-4 pt-3 pb-3.5">
            <figcaption class="flex items-baseline justify-between gap-3">
                <span class="text-ink-2">{label}</span>
                <span class="font-semibold">{now.map_or_else(|| "–".to_owned(), say)}</span>
            </figcaption>
            <div>
                <p class="mb-1 text-right text-xs leading-none text-ink-3" aria-hidden="true">{say(top)}</p>
                <svg
                    class="block h-22 w-full"
                    viewBox="0 0 600 120"
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=words
                >
                    <line x1="0" y1="0.5" x2="600" y2="0.5" class="stroke-line" stroke-dasharray="3 3" vector-effect="non-scaling-stroke"></line>
                    <path d=areas class="fill-accent-soft"></path>
                    <path d=lines class="fill-none stroke-accent" stroke-width="1.5" stroke-linejoin="round" vector-effect="non-scaling-stroke"></path>
                    <line x1="0" y1="119.5" x2="600" y2="119.5" class="stroke-line-strong" vector-effect="non-scaling-stroke"></line>
                    {marks}
                </svg>
            </div>
            <div class="mt-1 flex justify-between text-xs text-ink-3" aria-hidden="true">
                <span>{ends.0}</span>
                <span>{ends.1}</span>
            </div>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[Option<f64>]) -> Vec<Sample> {
        let at = |n: usize| n as f64 / (values.len() - 1) as f64;
        values.iter().enumerate().map(|(n, value)| Sample { at: at(n), value: *value, when: String::new() }).collect()
    }

    #[test]
    fn a_gap_is_no_line_and_a_lone_point_is_seen() {
        let drawn = paths(&samples(&[Some(0.0), Some(5.0), None, Some(10.0), None]), 10.0);
        assert_eq!(drawn.lines, "M0.0 120.0L150.0 60.0M450.0 0.0h2");
        assert_eq!(drawn.areas, "M0.0 120L0.0 120.0L150.0 60.0L150.0 120ZM450.0 120L450.0 0.0L450.0 120Z");
    }

    #[test]
    fn the_top_is_a_round_number() {
        assert_eq!([0.0, 0.3, 1.0, 1.1, 4.9, 51.0, 730.0].map(round_up), [1.0, 0.5, 1.0, 2.0, 5.0, 100.0, 1000.0]);
    }
}
