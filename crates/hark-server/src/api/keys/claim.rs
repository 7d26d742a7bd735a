//! `POST …/keys/claim`

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
    store::{PublishedKey, StoreError},
};

/// Claims made in one change; others may write between two of them.
const AT_ONCE: usize = 100;

#[derive(Deserialize)]
struct Claim {
    /// The algorithm wanted, by user and device.
    one_time_keys: BTreeMap<OwnedUserId, BTreeMap<OwnedDeviceId, String>>,
}

/// Gives away one key of each device asked for. A key is given once; a device that has none left is not in the answer.
pub(in crate::api) async fn claim(app: Shared, _: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Claim { one_time_keys: asked } = request.body()?;
    let (here, servers) = elsewhere(asked, &app.server_name);
    let wanted: Vec<_> = here
        .into_iter()
        .flat_map(|(user, devices)| {
            devices.into_iter().map(move |(device, algorithm)| (user.clone(), device, algorithm))
        })
        .collect();
    let mut claimed: BTreeMap<OwnedUserId, Vec<(OwnedDeviceId, PublishedKey)>> = BTreeMap::new();
    for wanted in wanted.chunks(AT_ONCE) {
        let wanted = wanted.to_vec();
        let given = app.store.write::<_, StoreError, _>(move |tx| {
            let mut given = Vec::new();
            for (user, device, algorithm) in wanted {
                if let Some(key) = tx.claim_key(&user, &device, &algorithm)? {
                    given.push((user, device, key));
                }
            }
            Ok(given)
        });
        for (user, device, key) in given.await? {
            claimed.entry(user).or_default().push((device, key));
        }
    }
    let mut body = String::new();
    let mut out = Object::new(&mut body);
    let mut users = out.object("one_time_keys");
    for (user, devices) in &claimed {
        let mut of_user = users.object(user.as_str());
        for (device, key) in devices {
            of_user.object(device.as_str()).raw(&key.name(), key.json.get());
        }
    }
    drop(users);
    out.raw("failures", &servers);
    drop(out);
    Ok(Body(body))
}
