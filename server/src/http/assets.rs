//! The browser's files, embedded in the program by `cargo bundle build`.
//!
//! Those of the bundle lie under `/pkg/<hash>/`, where the hash covers all of them: an address never changes its content, and the
//! relative addresses inside scripts and stylesheet stay right. `favicon.svg` and `robots.txt` have fixed addresses.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use app::shell::Bundle;
use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../target/site"]
struct Site;

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const ROOT_FILES: [&str; 2] = ["favicon.svg", "robots.txt"];

/// One hash over the names and contents of the whole bundle.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut digest = aggregate::Digest::default();
    let mut names: Vec<_> = Site::iter().filter(|name| name.starts_with("pkg/")).collect();
    names.sort_unstable();
    for name in names {
        if let Some(file) = Site::get(&name) {
            digest.add(&name, &file.metadata.sha256_hash());
        }
    }
    digest.finish()
});

/// Where pages find the bundle, and whether there is one.
pub fn bundle() -> Bundle {
    let complete = Site::get("pkg/berth_bg.wasm").is_some() && Site::get("pkg/berth.css").is_some();
    if !complete {
        tracing::warn!(
            "this program was compiled without its browser bundle, so pages work without script and style: run `cargo bundle build`, then compile it again"
        );
    }
    Bundle { root: root(), complete, lazy: Arc::new(lazy().unwrap_or_default()) }
}

fn root() -> String {
    format!("/pkg/{}", *HASH)
}

/// Which modules each lazy island needs, so that a page can name them before its script runs.
fn lazy() -> Option<BTreeMap<String, Vec<String>>> {
    serde_json::from_slice(&Site::get("pkg/split.json")?.data).ok()
}

pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let bundle = Router::new().route("/pkg/{hash}/{*file}", get(bundled));
    ROOT_FILES.into_iter().fold(bundle, |router, name| {
        router.route(&format!("/{name}"), get(move |headers: HeaderMap| async move { answer(name, &headers, AN_HOUR) }))
    })
}

async fn bundled(Path((hash, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    if hash != *HASH {
        return StatusCode::NOT_FOUND.into_response();
    }
    answer(&format!("pkg/{file}"), &headers, FOREVER)
}

/// The file as it is, or compressed beforehand if the browser takes that.
fn answer(name: &str, headers: &HeaderMap, cache: HeaderValue) -> Response {
    let Some(kind) = content_type(name) else { return StatusCode::NOT_FOUND.into_response() };
    let packed = [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(coding, _)| accepts(headers, coding));
    let found = packed
        .map(|(coding, suffix)| (Some(coding), Site::get(&format!("{name}{suffix}"))))
        .find(|(_, file)| file.is_some())
        .unwrap_or_else(|| (None, Site::get(name)));
    let (coding, Some(file)) = found else { return StatusCode::NOT_FOUND.into_response() };

    let mut answered = HeaderMap::new();
    answered.insert(CONTENT_TYPE, kind);
    answered.insert(CACHE_CONTROL, cache);
    answered.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        answered.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let tag = tag(&file.metadata.sha256_hash());
    let unchanged = tag.is_some() && headers.get(IF_NONE_MATCH) == tag.as_ref();
    if let Some(tag) = tag {
        answered.insert(ETAG, tag);
    }
    if unchanged {
        return (StatusCode::NOT_MODIFIED, answered).into_response();
    }
    match file.data {
        Cow::Borrowed(bytes) => (answered, bytes).into_response(),
        Cow::Owned(bytes) => (answered, bytes).into_response(),
    }
}

fn tag(hash: &[u8]) -> Option<HeaderValue> {
    let mut text = String::from("\"");
    for byte in hash.iter().take(8) {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('"');
    HeaderValue::try_from(text).ok()
}

/// What we serve; anything else (the compressed copies by their own names) isn't there.
fn content_type(name: &str) -> Option<HeaderValue> {
    let kind = match name.rsplit_once('.')?.1 {
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => return None,
    };
    Some(HeaderValue::from_static(kind))
}

/// Whether `Accept-Encoding` names the coding and doesn't refuse it (`br;q=0`).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).any(
        |offer| {
            let mut words = offer.split(';').map(str::trim);
            let named = words.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
            let quality = words.find_map(|word| word.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            named && quality > 0.0
        },
    )
}

/// FNV-1a over what rust-embed has hashed already: it only has to change when a file does.
mod aggregate {
    pub struct Digest(u128);

    impl Default for Digest {
        fn default() -> Self {
            Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
        }
    }

    impl Digest {
        pub fn add(&mut self, name: &str, hash: &[u8]) {
            for byte in name.bytes().chain([0]).chain(hash.iter().copied()) {
                self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
            }
        }

        pub fn finish(&self) -> String {
            format!("{:032x}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(line))])
    }

    #[test]
    fn a_coding_counts_when_it_is_named_and_not_refused() {
        for (line, brotli, gzip) in [
            ("gzip, deflate, br, zstd", true, true),
            ("gzip;q=1.0, br;q=0", false, true),
            ("BR; q=0.5", true, false),
            ("identity", false, false),
            ("", false, false),
        ] {
            let headers = offered(line);
            assert_eq!((accepts(&headers, "br"), accepts(&headers, "gzip")), (brotli, gzip), "{line}");
        }
    }

    #[test]
    fn only_known_kinds_are_served() {
        assert!(content_type("pkg/berth.js").is_some());
        for name in ["pkg/berth.js.br", "pkg/split.json", "pkg/berth"] {
            assert_eq!(content_type(name), None, "{name}");
        }
    }

    #[tokio::test]
    async fn a_wrong_hash_is_not_found() {
        let answer = bundled(Path(("0000".to_owned(), "berth.css".to_owned())), HeaderMap::new()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
