//! Times: the server writes the exact one, the browser turns it into words (`frontend/page/times.ts`). No clock is asked while a
//! view is drawn.

use leptos::prelude::*;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// "2 min ago" in the browser, with the exact time in its tooltip and for machines.
#[component]
pub fn RelativeTime(at: OffsetDateTime) -> impl IntoView {
    view! {
        <time class="whitespace-nowrap" datetime=at.format(&Rfc3339).unwrap_or_default() title=exact(at)>
            {exact(at)}
        </time>
    }
}

/// "2026-11-23 20:57 UTC"
fn exact(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:04}-{:02}-{:02} {:02}:{:02} UTC", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_time_is_in_utc() {
        let at = time::macros::datetime!(2026-11-23 23:57:03 +03:00);
        assert_eq!(exact(at), "2026-11-23 20:57 UTC");
    }
}
