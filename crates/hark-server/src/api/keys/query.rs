//! `POST …/keys/query`

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId, UserId};
use serde::Deserialize;

use super::elsewhere;
use crate::{
    http::{
        Answer, ApiError, Session,
        answer::Body,
        extract::{Raw, Shared},
    },
    json::Object,
    keys::published,
    store::{Snapshot, StoreError, Usage},
};

#[derive(Deserialize)]
struct Query {
    /// The devices asked about, by user; an empty list is all of them.
    device_keys: Asked,
}

type Asked = BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>;

/// What the users asked about have published, as the one who asks may see it.
pub(in crate::api) async fn query(
    app: Shared,
    session: Session,
    request: Raw,
) -> Result<impl Answer, ApiError> {
    let Query { device_keys: asked } = request.body()?;
    let (here, servers) = elsewhere(asked, &app.server_name);
    let body = app.store.read::<_, ApiError, _>(move |snapshot| {
        let mut body = String::new();
        let mut out = Object::new(&mut body);
        out.raw("failures", &servers);
        devices(snapshot, &here, out.object("device_keys"))?;
        for usage in [Usage::Master, Usage::SelfSigning, Usage::UserSigning] {
            let keys = out.object(&format!("{}_keys", usage.as_str()));
            cross_signing_keys(snapshot, &session.user_id, &here, usage, keys)?;
        }
        drop(out);
        Ok(body)
    });
    Ok(Body(body.await?))
}

fn devices(snapshot: &Snapshot<'_>, asked: &Asked, mut out: Object<'_>) -> Result<(), StoreError> {
    for (user, wanted) in asked {
        let mut of_user = out.object(user.as_str());
        for (device, json) in published::devices(snapshot, user, wanted)? {
            of_user.raw(device.as_str(), &json);
        }
    }
    Ok(())
}

fn cross_signing_keys(
    snapshot: &Snapshot<'_>,
    asking: &UserId,
    asked: &Asked,
    usage: Usage,
    mut out: Object<'_>,
) -> Result<(), StoreError> {
    for user in asked.keys() {
        if let Some(key) = published::cross_signing_key(snapshot, asking, user, usage)? {
            out.raw(user.as_str(), &key);
        }
    }
    Ok(())
}
