//! What an account may be called (spec: "User identifiers").

use http::StatusCode;
use ruma::{OwnedUserId, ServerName, UserId};

use crate::{http::ApiError, random};

/// 400 `M_USER_IN_USE`.
pub(crate) fn taken() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "M_USER_IN_USE", "This name is taken: choose another.")
}

/// The id of a new account. Upper case is folded; a full id of this server is accepted for its name.
pub(crate) fn new_user(name: &str, server: &ServerName) -> Result<OwnedUserId, ApiError> {
    let invalid = |message| ApiError::new(StatusCode::BAD_REQUEST, "M_INVALID_USERNAME", message);
    let name = name.to_lowercase();
    let local = match name.strip_prefix('@') {
        Some(full) => full
            .strip_suffix(&format!(":{server}"))
            .ok_or_else(|| invalid("A full id must end with this server's name; just the name is enough."))?,
        None => name.as_str(),
    };
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=/+-".contains(c);
    if local.is_empty() || !local.chars().all(allowed) {
        return Err(invalid("A name has letters a to z, digits and . _ = / + - only."));
    }
    if local.starts_with('_') {
        return Err(invalid("A name must not begin with an underscore."));
    }
    let id = format!("@{local}:{server}");
    if id.len() > 255 {
        return Err(invalid("This name is too long."));
    }
    UserId::parse(id).map_err(|_| invalid("This is not a name Matrix can carry."))
}

/// The id of the account somebody signs in to: a name or a full id, in any case. `None`: no account here can be called that.
pub(crate) fn existing_user(name: &str, server: &ServerName) -> Option<OwnedUserId> {
    let name = name.trim();
    let id = if name.starts_with('@') {
        name.to_lowercase()
    } else {
        format!("@{}:{server}", name.to_lowercase())
    };
    UserId::parse(id).ok().filter(|user| user.server_name() == server)
}

/// A name for somebody who did not choose one.
pub(crate) fn generated(server: &ServerName) -> Result<OwnedUserId, ApiError> {
    new_user(&random::letters(b"abcdefghijkmnpqrstuvwxyz23456789", 12), server)
}

#[cfg(test)]
mod tests {
    use ruma::server_name;

    use super::{existing_user, new_user};

    #[test]
    fn names_are_folded_and_checked() {
        let server = server_name!("hark.home.arpa");
        assert_eq!(new_user("Alice", server).unwrap(), "@alice:hark.home.arpa");
        assert_eq!(new_user("@Bob:hark.home.arpa", server).unwrap(), "@bob:hark.home.arpa");
        for wrong in ["", "a b", "älice", "@bob:elsewhere.org", "_bridge", "a:b", "a\0", "🙂"] {
            assert_eq!(new_user(wrong, server).unwrap_err().errcode(), "M_INVALID_USERNAME", "{wrong:?}");
        }
        assert!(new_user(&"a".repeat(255), server).is_err());
    }

    #[test]
    fn one_signs_in_by_name_or_full_id_but_only_of_this_server() {
        let server = server_name!("hark.home.arpa");
        assert_eq!(existing_user("ALICE", server).unwrap(), "@alice:hark.home.arpa");
        assert_eq!(existing_user("@alice:hark.home.arpa", server).unwrap(), "@alice:hark.home.arpa");
        assert!(existing_user("@alice:elsewhere.org", server).is_none());
    }
}
