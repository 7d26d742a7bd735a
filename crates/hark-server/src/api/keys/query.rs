//! `POST …/keys/query`

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId};
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
};

#[derive(Deserialize)]
struct Query {
    /// The devices asked about, by user; an empty list is all of them.
    device_keys: BTreeMap<OwnedUserId, Vec<OwnedDeviceId>>,
}

/// What the users asked about have published, as the one who asks may see it.
pub(in crate::api) async fn query(app: Shared, _: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Query { device_keys: asked } = request.body()?;
    let (here, servers) = elsewhere(asked, &app.server_name);
    let body = app
        .store
        .read::<_, ApiError, _>(move |snapshot| {
            let mut body = String::new();
            let mut out = Object::new(&mut body);
            let mut devices = out.object("device_keys");
            for (user, wanted) in &here {
                let mut of_user = devices.object(user.as_str());
                for (device, json) in published::devices(snapshot, user, wanted)? {
                    of_user.raw(device.as_str(), &json);
                }
            }
            drop(devices);
            out.raw("failures", &servers);
            drop(out);
            Ok(body)
        })
        .await?;
    Ok(Body(body))
}
