//! `PUT …/sendToDevice/{type}/{txnId}`

use std::collections::BTreeMap;

use ruma::{OwnedDeviceId, OwnedUserId};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use crate::{
    clock,
    http::{
        Answer, ApiError, Json, Session,
        extract::{Raw, Shared},
    },
    store::{to_device::Target, txns::TxnKey},
};

/// The largest message, in bytes.
const MAX_MESSAGE: usize = 65_536;
/// Devices that one request may write to.
const MAX_DEVICES: usize = 10_000;

#[derive(Deserialize)]
struct Body {
    messages: BTreeMap<OwnedUserId, BTreeMap<String, Box<RawValue>>>,
}

/// Leaves messages for devices, once per transaction id. Unknown users and devices are passed over.
pub(super) async fn send(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let Body { messages } = request.body()?;
    let (kind, txn) = (request.path[0].clone(), &request.path[1]);
    for content in messages.values().flat_map(BTreeMap::values) {
        if !content.get().starts_with('{') {
            return Err(ApiError::bad_json("The content of a message is an object."));
        }
        if content.get().len() > MAX_MESSAGE {
            return Err(ApiError::too_large("A message to a device has at most 65,536 bytes."));
        }
    }
    let key = TxnKey::new(&session.user_id, &session.device_id, &["sendToDevice", &kind], txn);
    app.store
        .write::<_, ApiError, _>(move |tx| {
            tx.once(&key, clock::now_ms(), |tx| {
                let mut reached = 0;
                for (user, contents) in &messages {
                    for (device, content) in contents {
                        reached +=
                            tx.leave_to_device(&session.user_id, user, &target(device), &kind, content)?;
                        if reached > MAX_DEVICES {
                            return Err(ApiError::too_large("One request reaches at most 10,000 devices."));
                        }
                    }
                }
                Ok(())
            })
        })
        .await?;
    Ok(Json(json!({})))
}

fn target(device: &str) -> Target {
    if device == "*" { Target::AllDevices } else { Target::Device(OwnedDeviceId::from(device)) }
}
