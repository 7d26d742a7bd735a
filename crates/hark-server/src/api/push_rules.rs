//! Reading and changing push rules.

use ruma::{
    api::client::push::{
        delete_pushrule, get_pushrule, get_pushrule_actions, get_pushrule_enabled, get_pushrules_all,
        get_pushrules_global_scope, set_pushrule, set_pushrule_actions, set_pushrule_enabled,
    },
    push::Ruleset,
};
use serde_json::{Value, json};

use crate::{
    http::{Answer, ApiError, Json, Session, extract::Shared},
    push::{
        self,
        edit::{self, Place, RuleError},
    },
};

fn unknown() -> ApiError {
    RuleError::Unknown.into()
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
    change: impl FnOnce(&mut Ruleset) -> Result<(), RuleError> + Send + 'static,
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
    let place = Place { after: request.after, before: request.before };
    change(&app, session, move |rules| edit::set(rules, request.rule, &place)).await?;
    Ok(set_pushrule::v3::Response::new())
}

/// `DELETE …/pushrules/global/{kind}/{ruleId}`
pub(super) async fn delete(
    app: Shared,
    session: Session,
    request: delete_pushrule::v3::Request,
) -> Result<impl Answer, ApiError> {
    change(&app, session, move |rules| edit::remove(rules, request.kind, &request.rule_id)).await?;
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
        edit::set_enabled(rules, request.kind, &request.rule_id, request.enabled)
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
        edit::set_actions(rules, request.kind, &request.rule_id, request.actions)
    })
    .await?;
    Ok(set_pushrule_actions::v3::Response::new())
}
