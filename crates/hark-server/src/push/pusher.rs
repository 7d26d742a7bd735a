//! What a client must say of a pusher, and what is refused.

use std::net::IpAddr;

use http::StatusCode;
use ruma::{OwnedDeviceId, OwnedUserId};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::{
    http::ApiError,
    outbound::is_public,
    store::{Position, Pusher, PusherKey},
};

/// Where every gateway listens (spec: Push Gateway API).
const GATEWAY_PATH: &str = "/_matrix/push/v1/notify";
/// Bounds of the specification, in bytes.
const MAX_APP_ID: usize = 64;
const MAX_PUSHKEY: usize = 512;
/// The longest name, language or tag, in bytes.
const MAX_TEXT: usize = 255;
/// The longest url, in bytes.
const MAX_URL: usize = 2_048;
/// The most that a gateway is handed besides, in bytes of JSON.
const MAX_DATA: usize = 4_096;

/// The body of `POST …/pushers/set`.
#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) app_id: String,
    pub(crate) pushkey: String,
    /// `null` removes the pusher.
    #[serde(deserialize_with = "null_or_text")]
    pub(crate) kind: Option<String>,
    /// Whether pushers of others for the same app and key stay.
    #[serde(default)]
    pub(crate) append: bool,
    app_display_name: Option<String>,
    device_display_name: Option<String>,
    profile_tag: Option<String>,
    lang: Option<String>,
    data: Option<Map<String, Value>>,
}

/// As `Option` but for that it must be said.
fn null_or_text<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(value)
}

impl Request {
    /// What names the pusher.
    pub(crate) fn key(&self, user: OwnedUserId) -> Result<PusherKey, ApiError> {
        if self.app_id.is_empty() || self.app_id.len() > MAX_APP_ID {
            return Err(ApiError::invalid_param("An app id has 1 to 64 bytes."));
        }
        if self.pushkey.is_empty() || self.pushkey.len() > MAX_PUSHKEY {
            return Err(ApiError::invalid_param("A pushkey has 1 to 512 bytes."));
        }
        Ok(PusherKey { user, app_id: self.app_id.clone(), pushkey: self.pushkey.clone() })
    }

    /// The pusher of a device, set now, which tells of what comes after `pos`.
    pub(crate) fn pusher(
        self,
        key: PusherKey,
        device: OwnedDeviceId,
        (set_ms, pos): (i64, Position),
        permitted: &[IpAddr],
    ) -> Result<Pusher, ApiError> {
        if self.kind.as_deref() != Some("http") {
            return Err(ApiError::invalid_param("This server knows pushers of the kind http alone."));
        }
        let mut data = self.data.ok_or_else(|| missing("data"))?;
        let Some(Value::String(url)) = data.remove("url") else { return Err(missing("data.url")) };
        check_url(&url, permitted)?;
        if data.get("format").is_some_and(|format| !format.is_string()) {
            return Err(ApiError::invalid_param("The format of a pusher is a text."));
        }
        let data = Value::Object(data).to_string();
        if data.len() > MAX_DATA {
            return Err(ApiError::invalid_param("The data of a pusher have at most 4,096 bytes."));
        }
        if self.profile_tag.as_ref().is_some_and(|tag| tag.len() > MAX_TEXT) {
            return Err(too_long());
        }
        Ok(Pusher {
            key,
            device,
            app_display_name: text(self.app_display_name, "app_display_name")?,
            device_display_name: text(self.device_display_name, "device_display_name")?,
            profile_tag: self.profile_tag,
            lang: text(self.lang, "lang")?,
            url,
            data,
            set_ms,
            pos,
            badge: None,
        })
    }
}

fn missing(what: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "M_MISSING_PARAM", format!("A pusher needs `{what}`."))
}

fn too_long() -> ApiError {
    ApiError::invalid_param("A name, language or tag of a pusher has at most 255 bytes.")
}

fn text(value: Option<String>, name: &str) -> Result<String, ApiError> {
    let value = value.ok_or_else(|| missing(name))?;
    if value.len() > MAX_TEXT { Err(too_long()) } else { Ok(value) }
}

/// Gateways are spoken to over TLS, but for those at an address the operator permitted.
fn check_url(text: &str, permitted: &[IpAddr]) -> Result<(), ApiError> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_URL);
    let Some(url) = url else { return Err(ApiError::invalid_param("The url of a pusher is not one.")) };
    let address = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
        _ => None,
    };
    let in_house = address.is_some_and(|address| permitted.contains(&address));
    if url.scheme() != "https" && !(url.scheme() == "http" && in_house) {
        return Err(ApiError::invalid_param("The url of a pusher begins with https://."));
    }
    if address.is_some_and(|address| !is_public(address)) && !in_house {
        return Err(ApiError::invalid_param(
            "The url of a pusher is not on the open Internet: whoever runs the server can permit its address.",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ApiError::invalid_param("The url of a pusher names no user."));
    }
    if url.path() != GATEWAY_PATH {
        return Err(ApiError::invalid_param("The url of a pusher ends with /_matrix/push/v1/notify."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_url;

    #[test]
    fn gateways_are_reached_over_tls_unless_they_were_permitted() {
        let permitted = ["127.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        for fine in [
            "https://push.example.org/_matrix/push/v1/notify",
            "https://push.example.org:8443/_matrix/push/v1/notify?up=1",
            "http://127.0.0.1:5000/_matrix/push/v1/notify",
            "http://[fd00::1]/_matrix/push/v1/notify",
        ] {
            check_url(fine, &permitted).unwrap();
        }
        for odd in [
            "http://push.example.org/_matrix/push/v1/notify",
            "http://127.0.0.2/_matrix/push/v1/notify",
            "https://127.0.0.2/_matrix/push/v1/notify",
            "https://10.0.0.1/_matrix/push/v1/notify",
            "https://[::1]/_matrix/push/v1/notify",
            "https://[::ffff:127.0.0.1]/_matrix/push/v1/notify",
            "http://localhost/_matrix/push/v1/notify",
            "ftp://127.0.0.1/_matrix/push/v1/notify",
            "https://push.example.org/",
            "https://push.example.org/_matrix/push/v1/notify/",
            "https://user:pass@push.example.org/_matrix/push/v1/notify",
            "/_matrix/push/v1/notify",
            "",
        ] {
            assert!(check_url(odd, &permitted).is_err(), "{odd}");
        }
    }
}
