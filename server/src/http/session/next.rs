//! Where a redirect may lead: to a page of this console and nowhere else.

use url::Url;

/// `next`, where it is a path of this console (H21); else the beginning.
pub fn local(next: Option<&str>) -> &str {
    next.filter(|next| is_local(next)).unwrap_or("/")
}

/// Judged twice: by its characters, since browsers forgive more than parsers do, and by what it resolves to.
fn is_local(next: &str) -> bool {
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    plain && app::paths::is_local(next) && resolves_here(next).unwrap_or(false)
}

fn resolves_here(next: &str) -> Option<bool> {
    let base = Url::parse("http://console.invalid/").ok()?;
    let there = base.join(next).ok()?;
    Some(there.origin() == base.origin() && there.username().is_empty() && !there.path().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h21_a_redirect_never_leaves() {
        for good in
            ["/", "/w/main", "/w/main/services?state=failing&q=a%20b", "/w/main#top", "/w/a?next=//b", "/w/a/../b"]
        {
            assert_eq!(local(Some(good)), good);
        }
        for bad in [
            "",
            "w/main",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/w\r\nSet-Cookie: a=b",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "http:/\\evil.example",
            "/w/\\..\\..\\/evil.example",
            "/.//evil.example",
            "/w/..//evil.example",
            "/\u{a0}",
            " /w",
            "/ä",
            "/\0",
        ] {
            assert_eq!(local(Some(bad)), "/", "{bad:?}");
        }
        assert_eq!(local(None), "/");
    }
}
