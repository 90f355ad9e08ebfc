//! Times: the server writes the exact one, the browser turns it into words. No clock is asked while a view is drawn.

use std::time::Duration;

use leptos::prelude::*;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use wasm_bindgen::{JsCast, closure::Closure};

const TICK: Duration = Duration::from_secs(15);

/// "2 min ago" in the browser, with the exact time in its tooltip and for machines.
#[component]
pub fn RelativeTime(at: OffsetDateTime) -> impl IntoView {
    view! {
        <time class="whitespace-nowrap" datetime=at.format(&Rfc3339).unwrap_or_default() title=exact(at)>
            {exact(at)}
        </time>
    }
}

/// Says every time of the page in words: now, whenever the page was drawn anew, and again and again. One clock for all.
pub fn keep_times_relative() {
    say_relative();
    let drawn = Closure::<dyn FnMut()>::new(say_relative).into_js_value();
    let _ = document().add_event_listener_with_callback("berth:drawn", drawn.unchecked_ref());
    set_interval(say_relative, TICK);
}

fn say_relative() {
    let Ok(times) = document().query_selector_all("time[datetime]") else { return };
    for time in (0..times.length()).filter_map(|at| times.get(at)?.dyn_into::<web_sys::Element>().ok()) {
        let at = time.get_attribute("datetime").map_or(f64::NAN, |at| js_sys::Date::parse(&at));
        if at.is_finite() {
            time.set_text_content(Some(&relative_words(((js_sys::Date::now() - at) / 1000.0) as i64)));
        }
    }
}

/// "2026-11-23 20:57 UTC"
fn exact(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:04}-{:02}-{:02} {:02}:{:02} UTC", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}

/// How long ago, in the largest unit that still says something. Clocks differ a little: the near future is now.
fn relative_words(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let count = |unit: i64, one: &str, many: &str| {
        let n = seconds.abs() / unit;
        let word = if n == 1 { one } else { many };
        if seconds < 0 { format!("in {n} {word}") } else { format!("{n} {word} ago") }
    };
    match seconds.abs() {
        away if away < 45 => "now".to_owned(),
        away if away < HOUR => count(MINUTE.min(away), "min", "min"),
        away if away < DAY => count(HOUR, "h", "h"),
        away if away < 14 * DAY => count(DAY, "day", "days"),
        away if away < 60 * DAY => count(7 * DAY, "week", "weeks"),
        away if away < 730 * DAY => count(30 * DAY, "month", "months"),
        _ => count(365 * DAY, "year", "years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_how_long_ago() {
        let said: Vec<_> = [
            -5,
            0,
            44,
            45,
            119,
            3_599,
            3_600,
            86_399,
            86_400,
            13 * 86_400,
            21 * 86_400,
            61 * 86_400,
            731 * 86_400,
            -7_200,
        ]
        .map(relative_words)
        .into();
        insta::assert_snapshot!(said.join(" | "), @"now | now | now | 1 min ago | 1 min ago | 59 min ago | 1 h ago | 23 h ago | 1 day ago | 13 days ago | 3 weeks ago | 2 months ago | 2 years ago | in 2 h");
    }

    #[test]
    fn the_exact_time_is_in_utc() {
        let at = time::macros::datetime!(2026-11-23 23:57:03 +03:00);
        assert_eq!(exact(at), "2026-11-23 20:57 UTC");
    }
}
