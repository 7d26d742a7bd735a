//! The page's files: those built into hark-app, and one that is made here when the folder cannot be opened.

use std::borrow::Cow;
use std::sync::Arc;

use tauri::Assets;
use tauri::Wry;
use tauri::utils::assets::{AssetKey, AssetsIter, CspHash};

use crate::shell::Shell;

/// The page that says why there is nothing else.
pub(crate) const FAILED: &str = "failed.html";

/// Where Tauri finds what the page asks for.
pub(crate) struct Files {
    shell: Arc<Shell>,
}

impl Files {
    pub(crate) fn new(shell: Arc<Shell>) -> Self {
        Self { shell }
    }
}

impl Assets<Wry> for Files {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        let path = key.as_ref().trim_start_matches('/');
        if path == FAILED {
            let why = self.shell.failure().map_or_else(String::new, |error| error.message);
            return Some(Cow::Owned(failed(&why).into_bytes()));
        }
        hark_app::window_file(path)
    }

    /// Tauri looks here for what it may have to change; there is nothing.
    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(std::iter::empty())
    }

    /// No page has a script or a style in it.
    fn csp_hashes(&self, _: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        Box::new(std::iter::empty())
    }
}

/// A page that needs neither script nor style.
fn failed(why: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Hark</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <h1>Hark cannot open</h1><p>{}</p>",
        escaped(why)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_cannot_smuggle_anything_into_the_page() {
        let page = failed("The folder <script>x</script> & more cannot be used.");
        assert!(page.contains("&lt;script&gt;x&lt;/script&gt; &amp; more"), "{page}");
    }
}
