//! Reading and changing push rules.

use http::StatusCode;
use ruma::{
    api::client::push::{
        delete_pushrule, get_pushrule, get_pushrule_actions, get_pushrule_enabled, get_pushrules_all,
        get_pushrules_global_scope, set_pushrule, set_pushrule_actions, set_pushrule_enabled,
    },
    push::{InsertPushRuleError, RemovePushRuleError, Ruleset},
};
use serde_json::{Value, json};

use crate::{
    http::{Answer, ApiError, Json, Session, extract::Shared},
    push,
};

/// Rules a user may add.
const MAX_RULES: usize = 1_000;
/// The longest pattern or rule id, in bytes.
const MAX_TEXT: usize = 256;

fn unknown() -> ApiError {
    ApiError::not_found("There is no such push rule.")
}

async fn rules_of(app: &Shared, session: &Session) -> Result<Ruleset, ApiError> {
    let user = session.user_id.clone();
    app.store.read(move |snap| Ok(snap.push_rules(&user)?)).await
}

async fn whole(app: &Shared, session: &Session) -> Result<Value, ApiError> {
    push::whole(&rules_of(app, session).await?).map_err(|_| ApiError::internal())
}

async fn change(
    app: &Shared,
    session: Session,
    change: impl FnOnce(&mut Ruleset) -> Result<(), ApiError> + Send + 'static,
) -> Result<(), ApiError> {
    app.store
        .write(move |tx| {
            let mut rules = tx.push_rules(&session.user_id)?;
            change(&mut rules)?;
            Ok(tx.set_push_rules(&session.user_id, rules)?)
        })
        .await
}

/// `GET …/pushrules/`
pub(super) async fn all(
    app: Shared,
    session: Session,
    _: get_pushrules_all::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "global": whole(&app, &session).await? })))
}

/// `GET …/pushrules/global/`
pub(super) async fn global(
    app: Shared,
    session: Session,
    _: get_pushrules_global_scope::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(whole(&app, &session).await?))
}

/// `GET …/pushrules/global/{kind}/{ruleId}`
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_pushrule::v3::Request,
) -> Result<impl Answer, ApiError> {
    let rules = rules_of(&app, &session).await?;
    let rule = rules.get(request.kind, &request.rule_id).ok_or_else(unknown)?;
    Ok(get_pushrule::v3::Response::new(rule.to_owned().into()))
}

/// `PUT …/pushrules/global/{kind}/{ruleId}`
pub(super) async fn set(
    app: Shared,
    session: Session,
    request: set_pushrule::v3::Request,
) -> Result<impl Answer, ApiError> {
    let long_pattern = match &request.rule {
        ruma::push::NewPushRule::Content(rule) => rule.pattern.len() > MAX_TEXT,
        _ => false,
    };
    if long_pattern || request.rule.rule_id().len() > MAX_TEXT {
        return Err(ApiError::invalid_param("A pattern or rule id has at most 256 bytes."));
    }
    change(&app, session, move |rules| {
        if rules.iter().count() >= MAX_RULES {
            return Err(ApiError::forbidden("There are too many push rules."));
        }
        let neighbours = [request.after.as_deref(), request.before.as_deref()];
        if neighbours.contains(&Some(request.rule.rule_id())) {
            return Err(ApiError::invalid_param("A push rule cannot stand before or after itself."));
        }
        if neighbours.iter().any(Option::is_some) {
            // ruma counts the new place in the list as it is without the rule.
            let _new = rules.remove(request.rule.kind(), request.rule.rule_id());
        }
        rules.insert(request.rule, request.after.as_deref(), request.before.as_deref()).map_err(|error| {
            match error {
                InsertPushRuleError::UnknownRuleId => unknown(),
                other => ApiError::invalid_param(other.to_string()),
            }
        })
    })
    .await?;
    Ok(set_pushrule::v3::Response::new())
}

/// `DELETE …/pushrules/global/{kind}/{ruleId}`
pub(super) async fn delete(
    app: Shared,
    session: Session,
    request: delete_pushrule::v3::Request,
) -> Result<impl Answer, ApiError> {
    change(&app, session, move |rules| {
        rules.remove(request.kind, &request.rule_id).map_err(|error| match error {
            RemovePushRuleError::NotFound => unknown(),
            other => ApiError::new(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", other.to_string()),
        })
    })
    .await?;
    Ok(delete_pushrule::v3::Response::new())
}

/// `GET …/pushrules/global/{kind}/{ruleId}/enabled`
pub(super) async fn get_enabled(
    app: Shared,
    session: Session,
    request: get_pushrule_enabled::v3::Request,
) -> Result<impl Answer, ApiError> {
    let rules = rules_of(&app, &session).await?;
    let rule = rules.get(request.kind, &request.rule_id).ok_or_else(unknown)?;
    Ok(get_pushrule_enabled::v3::Response::new(rule.enabled()))
}

/// `PUT …/pushrules/global/{kind}/{ruleId}/enabled`
pub(super) async fn set_enabled(
    app: Shared,
    session: Session,
    request: set_pushrule_enabled::v3::Request,
) -> Result<impl Answer, ApiError> {
    change(&app, session, move |rules| {
        rules.set_enabled(request.kind, &request.rule_id, request.enabled).map_err(|_| unknown())
    })
    .await?;
    Ok(set_pushrule_enabled::v3::Response::new())
}

/// `GET …/pushrules/global/{kind}/{ruleId}/actions`
pub(super) async fn get_actions(
    app: Shared,
    session: Session,
    request: get_pushrule_actions::v3::Request,
) -> Result<impl Answer, ApiError> {
    let rules = rules_of(&app, &session).await?;
    let rule = rules.get(request.kind, &request.rule_id).ok_or_else(unknown)?;
    Ok(get_pushrule_actions::v3::Response::new(rule.actions().to_vec()))
}

/// `PUT …/pushrules/global/{kind}/{ruleId}/actions`
pub(super) async fn set_actions(
    app: Shared,
    session: Session,
    request: set_pushrule_actions::v3::Request,
) -> Result<impl Answer, ApiError> {
    change(&app, session, move |rules| {
        rules.set_actions(request.kind, &request.rule_id, request.actions).map_err(|_| unknown())
    })
    .await?;
    Ok(set_pushrule_actions::v3::Response::new())
}
