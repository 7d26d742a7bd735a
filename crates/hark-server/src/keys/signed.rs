//! An object with signatures, as devices and cross-signing keys are (spec: "Signing JSON").

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ruma::{
    CanonicalJsonObject, CanonicalJsonValue, OwnedUserId, SigningKeyAlgorithm, UserId,
    signatures::{to_canonical_json_string_for_signing, verify_canonical_json_bytes},
};
use serde_json::value::RawValue;

use super::KeyError;

/// Unpadded base64, and padded where a client could not help it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// By user and `algorithm:id`.
pub(crate) type Signatures = BTreeMap<OwnedUserId, BTreeMap<String, String>>;

/// A signed object without its signatures and without what a server adds to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signed {
    object: CanonicalJsonObject,
    /// The signatures that came with it.
    pub(crate) signatures: Signatures,
}

impl Signed {
    /// Reads an object; `what` names it in errors.
    pub(crate) fn read(what: &str, json: &RawValue) -> Result<Self, KeyError> {
        let shape = |error| KeyError::shape(what, &error);
        let mut object: CanonicalJsonObject = serde_json::from_str(json.get()).map_err(shape)?;
        object.remove("unsigned");
        let signatures = match object.remove("signatures") {
            Some(signatures) => serde_json::from_value(signatures.into()).map_err(shape)?,
            None => Signatures::new(),
        };
        Ok(Self { object, signatures })
    }

    /// The signature of `user` with the key `id`.
    pub(crate) fn signature(&self, user: &UserId, id: &str) -> Option<&str> {
        self.signatures.get(user)?.get(id).map(String::as_str)
    }

    /// Whether `user` signed this with the key `id`, whose public half is `public`.
    pub(crate) fn is_signed_by(&self, user: &UserId, id: &str, public: &str) -> bool {
        self.signature(user, id).is_some_and(|signature| self.verifies(public, signature))
    }

    /// Whether `signature` is one of this object by the private half of `public` (Ed25519).
    pub(crate) fn verifies(&self, public: &str, signature: &str) -> bool {
        let (Ok(public), Ok(signature)) = (BASE64.decode(public), BASE64.decode(signature)) else {
            return false;
        };
        let Ok(message) = to_canonical_json_string_for_signing(&self.object) else { return false };
        let ed25519 = SigningKeyAlgorithm::Ed25519;
        verify_canonical_json_bytes(&ed25519, &public, &signature, message.as_bytes()).is_ok()
    }

    /// Whether the two are the same object, whoever signed them.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.object == other.object
    }

    /// Canonical JSON with those signatures alone that `kept` says yes to.
    pub(crate) fn with_signatures(&self, kept: impl Fn(&UserId, &str) -> bool) -> String {
        let mut signatures = self.signatures.clone();
        for (user, of_user) in &mut signatures {
            of_user.retain(|id, _| kept(user, id));
        }
        let mut object = self.object.clone();
        add_signatures(&mut object, signatures);
        CanonicalJsonValue::Object(object).to_string()
    }
}

/// Writes signatures into an object beside those it has. An object that nobody signed has no such member.
pub(crate) fn add_signatures(object: &mut CanonicalJsonObject, added: Signatures) {
    for (user, of_user) in added.into_iter().filter(|(_, of_user)| !of_user.is_empty()) {
        let signatures = entry(object, "signatures");
        let of_one = entry(signatures, user.as_str());
        of_one.extend(of_user.into_iter().map(|(id, signature)| (id, CanonicalJsonValue::String(signature))));
    }
}

/// The member `name`, made an object if it is none.
fn entry<'a>(object: &'a mut CanonicalJsonObject, name: &str) -> &'a mut CanonicalJsonObject {
    let member = object
        .entry(name.to_owned())
        .or_insert_with(|| CanonicalJsonValue::Object(CanonicalJsonObject::new()));
    if !matches!(member, CanonicalJsonValue::Object(_)) {
        *member = CanonicalJsonValue::Object(CanonicalJsonObject::new());
    }
    let CanonicalJsonValue::Object(object) = member else { unreachable!("it was made an object") };
    object
}

/// Whether a text is a public key: 32 bytes in base64.
pub(crate) fn is_public_key(text: &str) -> bool {
    BASE64.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}
