//! `limit` and `cursor` of a list, a line each: what is taken is what this API hands out, and no second spelling of it.
#![no_main]

use contract::page::PageRequest;
use control::store::cursor::Window;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (limit, cursor) = text.split_once('\n').unwrap_or(("", text));
    let request = PageRequest { limit: Some(limit.to_owned()), cursor: Some(cursor.to_owned()) };
    let Ok(window) = Window::of(&request) else { return };
    assert!((2..=i64::from(PageRequest::MAX_LIMIT) + 1).contains(&window.rows), "{window:?}");
    let rows = vec![window.before; usize::try_from(window.rows).expect("a few")];
    let next = window.page(rows, |id| *id).next;
    if !cursor.is_empty() {
        assert_eq!(next.as_deref(), Some(cursor), "the cursor of this place");
    }
});
