//! The endpoints: one readable list here, one file of handlers per resource beside it.
//!
//! A handler is `async fn(app, who, request) -> Result<answer, ApiError>`: who may, then three to ten lines of work. `who` is the
//! [`Session`] where the endpoint needs a token, `()` where it does not.

#[cfg(test)]
mod access;
mod account;
mod account_data;
mod admin;
mod capabilities;
mod card;
mod confirm;
mod cursor;
mod dehydrated_device;
mod devices;
mod discovery;
mod filter;
#[cfg(test)]
mod fuzz;
mod hierarchy;
mod jump;
mod key_backup;
mod keys;
mod legacy;
mod login;
mod logout;
mod media;
mod membership;
mod mutual_rooms;
mod notifications;
mod openid;
mod paging;
mod presence;
mod profile;
mod public_rooms;
mod push_rules;
mod pushers;
mod receipts;
mod register;
mod relations;
mod reports;
mod room_create;
mod room_directory;
mod room_history;
mod room_send;
mod room_state;
mod room_summary;
mod room_upgrade;
mod search;
mod server_key;
mod sync;
mod tags;
mod threads;
mod threepids;
mod to_device;
mod typing;
mod user_directory;

use axum::{Router, middleware, routing::get};
use http::Method;
use ruma::{
    UserId,
    api::{
        auth_scheme::{AccessToken, AccessTokenOptional, NoAuthentication},
        client as c,
    },
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    accounts::Standing,
    http::{ApiError, Routes, Session, extract::Shared, layers, limits::Limit},
};

/// Everything the server answers to.
pub(crate) fn router(app: Shared) -> Router {
    let routes = routes();
    app.metrics.watch(routes.counted());
    routes
        .into_router()
        .route("/health", get(discovery::health))
        .route("/.well-known/matrix/client", get(discovery::well_known))
        .fallback(async || ApiError::unrecognized())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn(layers::cors))
        .with_state(app)
}

/// Every endpoint of the specification that is here.
fn routes() -> Routes {
    let routes = media_routes(keys_routes(account_routes(Routes::default())));
    old_routes(discovery_routes(rooms_routes(routes)))
}

/// Signing in and out, and what belongs to an account.
fn account_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .route::<c::discovery::get_supported_versions::Request>(discovery::versions)
        .at::<NoAuthentication>(Method::GET, "/_matrix/federation/v1/version", discovery::software)
        .at::<NoAuthentication>(Method::GET, "/_matrix/key/v2/server", server_key::publish)
        .limited(Limit::SignIn)
        .raw::<c::session::login::v3::Request>(login::log_in)
        .raw::<c::account::register::v3::Request>(register::register)
        .limited(Limit::Ordinary)
        .at::<NoAuthentication>(Method::POST, "/_matrix/client/v3/refresh", login::refresh)
        .at::<NoAuthentication>(Method::POST, "/_matrix/client/v1/refresh", login::refresh)
        .at::<AccessToken>(Method::POST, "/_matrix/client/v3/account/password", account::change_password)
        .at::<AccessToken>(Method::POST, "/_matrix/client/v3/account/deactivate", account::deactivate)
        .route::<c::session::get_login_types::v3::Request>(login::flows)
        .route::<c::account::get_username_availability::v3::Request>(register::available)
        .route::<c::account::check_registration_token_validity::v1::Request>(register::token_validity)
        .standing(Standing::Any)
        .route::<c::session::logout::v3::Request>(logout::log_out)
        .route::<c::session::logout_all::v3::Request>(logout::log_out_everywhere)
        .standing(Standing::Unlocked)
        .at::<AccessToken>(Method::POST, "/_matrix/client/v1/login/get_token", login::get_token)
        .at::<AccessToken>(Method::POST, REQUEST_IDENTITY_TOKEN, openid::request_token)
        .at::<NoAuthentication>(Method::GET, "/_matrix/federation/v1/openid/userinfo", openid::user_info)
        .route::<c::admin::get_user_info::v3::Request>(admin::whois)
        .route::<c::admin::is_user_suspended::v1::Request>(admin::is_suspended)
        .route::<c::admin::suspend_user::v1::Request>(admin::suspend)
        .route::<c::admin::is_user_locked::v1::Request>(admin::is_locked)
        .route::<c::admin::lock_user::v1::Request>(admin::lock)
        .route::<c::account::whoami::v3::Request>(login::whoami)
        .route::<c::discovery::get_capabilities::v3::Request>(capabilities::get)
        .route::<c::device::get_devices::v3::Request>(devices::list)
        .route::<c::device::get_device::v3::Request>(devices::get)
        .route::<c::device::update_device::v3::Request>(devices::rename)
        .raw::<c::device::delete_device::v3::Request>(devices::delete)
        .raw::<c::device::delete_devices::v3::Request>(devices::delete_several)
        .route::<c::profile::get_profile::v3::Request>(profile::get)
        .raw::<c::profile::get_profile_field::v3::Request>(profile::get_field)
        .standing(Standing::Good)
        .raw::<c::profile::set_profile_field::v3::Request>(profile::set_field)
        .raw::<c::profile::delete_profile_field::v3::Request>(profile::delete_field)
        .standing(Standing::Unlocked)
        .raw::<c::filter::create_filter::v3::Request>(filter::create)
        .route::<c::filter::get_filter::v3::Request>(filter::get)
        .route::<c::config::get_global_account_data::v3::Request>(account_data::get)
        .raw::<c::config::set_global_account_data::v3::Request>(account_data::set)
        .at::<AccessToken>(Method::DELETE, DELETE_ACCOUNT_DATA, account_data::delete)
        .at::<AccessToken>(Method::DELETE, DELETE_ACCOUNT_DATA_DRAFT, account_data::delete)
        .at::<AccessToken>(Method::DELETE, DELETE_ROOM_ACCOUNT_DATA, account_data::delete_in_room)
        .at::<AccessToken>(Method::DELETE, DELETE_ROOM_ACCOUNT_DATA_DRAFT, account_data::delete_in_room)
        .route::<c::config::get_room_account_data::v3::Request>(account_data::get_in_room)
        .raw::<c::config::set_room_account_data::v3::Request>(account_data::set_in_room)
        .route::<c::tag::get_tags::v3::Request>(tags::list)
        .raw::<c::tag::create_tag::v3::Request>(tags::set)
        .route::<c::tag::delete_tag::v3::Request>(tags::remove)
        .route::<c::push::get_pushrules_all::v3::Request>(push_rules::all)
        .route::<c::push::get_pushrules_global_scope::v3::Request>(push_rules::global)
        .route::<c::push::get_pushrule::v3::Request>(push_rules::get)
        .route::<c::push::set_pushrule::v3::Request>(push_rules::set)
        .route::<c::push::delete_pushrule::v3::Request>(push_rules::delete)
        .route::<c::push::get_pushrule_enabled::v3::Request>(push_rules::get_enabled)
        .route::<c::push::set_pushrule_enabled::v3::Request>(push_rules::set_enabled)
        .route::<c::push::get_pushrule_actions::v3::Request>(push_rules::get_actions)
        .route::<c::push::set_pushrule_actions::v3::Request>(push_rules::set_actions)
        .raw::<c::push::get_notifications::v3::Request>(notifications::list)
        .raw::<c::push::get_pushers::v3::Request>(pushers::list)
        .raw::<c::push::set_pusher::v3::Request>(pushers::set)
        .route::<c::user_directory::search_users::v3::Request>(user_directory::search)
        .route::<c::presence::get_presence::v3::Request>(presence::get)
        .route::<c::presence::set_presence::v3::Request>(presence::set)
        .route::<c::voip::get_turn_server_info::v3::Request>(discovery::no_turn_server)
        .route::<c::thirdparty::get_protocols::v3::Request>(discovery::no_protocols)
}

/// End-to-end encryption: public keys, and messages from device to device.
fn keys_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .raw::<c::keys::upload_keys::v3::Request>(keys::upload::upload)
        .raw::<c::keys::get_keys::v3::Request>(keys::query::query)
        .raw::<c::keys::get_key_changes::v3::Request>(keys::changes::changes)
        .raw::<c::keys::upload_signing_keys::v3::Request>(keys::cross_signing::upload)
        .raw::<c::keys::upload_signatures::v3::Request>(keys::signatures::upload)
        .raw::<c::backup::create_backup_version::v3::Request>(key_backup::create)
        .raw::<c::backup::get_latest_backup_info::v3::Request>(key_backup::latest)
        .raw::<c::backup::get_backup_info::v3::Request>(key_backup::one)
        .raw::<c::backup::update_backup_version::v3::Request>(key_backup::update)
        .raw::<c::backup::delete_backup_version::v3::Request>(key_backup::delete)
        .raw::<c::backup::get_backup_keys::v3::Request>(key_backup::get_keys)
        .raw::<c::backup::get_backup_keys_for_room::v3::Request>(key_backup::get_keys)
        .raw::<c::backup::get_backup_keys_for_session::v3::Request>(key_backup::get_keys)
        .raw::<c::backup::add_backup_keys::v3::Request>(key_backup::put_keys)
        .raw::<c::backup::add_backup_keys_for_room::v3::Request>(key_backup::put_keys)
        .raw::<c::backup::add_backup_keys_for_session::v3::Request>(key_backup::put_keys)
        .raw::<c::backup::delete_backup_keys::v3::Request>(key_backup::delete_keys)
        .raw::<c::backup::delete_backup_keys_for_room::v3::Request>(key_backup::delete_keys)
        .raw::<c::backup::delete_backup_keys_for_session::v3::Request>(key_backup::delete_keys)
        .at::<AccessToken>(Method::PUT, DEHYDRATED_DEVICE, dehydrated_device::put)
        .at::<AccessToken>(Method::GET, DEHYDRATED_DEVICE, dehydrated_device::get)
        .at::<AccessToken>(Method::DELETE, DEHYDRATED_DEVICE, dehydrated_device::delete)
        .at::<AccessToken>(Method::POST, DEHYDRATED_DEVICE_EVENTS, dehydrated_device::events)
        .limited(Limit::ToDevice)
        .raw::<c::keys::claim_keys::v3::Request>(keys::claim::claim)
        .raw::<c::to_device::send_event_to_device::v3::Request>(to_device::send)
}

/// Asking for a token that tells another service who one is.
const REQUEST_IDENTITY_TOKEN: &str = "/_matrix/client/v3/user/{user_id}/openid/request_token";

/// Dehydrated devices (MSC3814).
const DEHYDRATED_DEVICE: &str = "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device";
const DEHYDRATED_DEVICE_EVENTS: &str =
    "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device/{device_id}/events";

/// Deleting account data (MSC3391), of the account and of a room, at the addresses of the other methods and of the proposal.
const DELETE_ACCOUNT_DATA: &str = "/_matrix/client/v3/user/{user_id}/account_data/{type}";
const DELETE_ACCOUNT_DATA_DRAFT: &str =
    "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/account_data/{type}";
const DELETE_ROOM_ACCOUNT_DATA: &str =
    "/_matrix/client/v3/user/{user_id}/rooms/{room_id}/account_data/{type}";
const DELETE_ROOM_ACCOUNT_DATA_DRAFT: &str =
    "/_matrix/client/unstable/org.matrix.msc3391/user/{user_id}/rooms/{room_id}/account_data/{type}";

/// Files.
#[expect(deprecated, reason = "the old addresses are answered too: with the limit, or with 404")]
fn media_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .stream::<c::media::create_content::v3::Request>(media::upload)
        .route::<c::authenticated_media::get_media_config::v1::Request>(media::config)
        .stream::<c::authenticated_media::get_content::v1::Request>(media::download)
        .stream::<c::authenticated_media::get_content_as_filename::v1::Request>(media::download)
        .stream::<c::authenticated_media::get_content_thumbnail::v1::Request>(media::thumbnail)
        .route::<c::media::get_media_config::v3::Request>(media::old_config)
        .stream::<c::media::create_content_async::v3::Request>(media::upload_promised)
        .stream::<c::media::get_content::v3::Request>(media::old_download)
        .stream::<c::media::get_content_as_filename::v3::Request>(media::old_download)
        .stream::<c::media::get_content_thumbnail::v3::Request>(media::old_thumbnail)
        .limited(Limit::Ordinary)
        .raw::<c::media::create_mxc_uri::v1::Request>(media::promise)
        .raw::<c::authenticated_media::get_media_preview::v1::Request>(media::preview)
        .raw::<c::media::get_media_preview::v3::Request>(media::preview)
}

/// Rooms, their events, sync, and the signals that are not stored.
fn rooms_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .raw::<c::sync::sync_events::v3::Request>(sync::sync)
        .raw::<c::state::get_state_events::v3::Request>(room_state::all)
        .raw::<c::state::get_state_event_for_key::v3::Request>(room_state::one)
        .raw::<c::membership::get_member_events::v3::Request>(room_state::members)
        .raw::<c::membership::joined_members::v3::Request>(room_state::joined_members)
        .raw::<c::membership::joined_rooms::v3::Request>(room_state::joined_rooms)
        .raw::<c::room::get_room_event::v3::Request>(room_history::event)
        .raw::<c::message::get_message_events::v3::Request>(room_history::messages)
        .raw::<c::context::get_context::v3::Request>(room_history::context)
        .raw::<c::relations::get_relating_events::v1::Request>(relations::list)
        .raw::<c::relations::get_relating_events_with_rel_type::v1::Request>(relations::list)
        .raw::<c::relations::get_relating_events_with_rel_type_and_event_type::v1::Request>(relations::list)
        .raw::<c::threads::get_threads::v1::Request>(threads::list)
        .raw::<c::room::get_event_by_timestamp::v1::Request>(jump::to_date)
        .limited(Limit::Messages)
        .standing(Standing::Good)
        .raw::<c::message::send_message_event::v3::Request>(room_send::message)
        .raw::<c::state::send_state_event::v3::Request>(room_send::state)
        .standing(Standing::Unlocked)
        .raw::<c::redact::redact_event::v3::Request>(room_send::redact)
        .limited(Limit::Signals)
        .raw::<c::typing::create_typing_event::v3::Request>(typing::set)
        .raw::<c::receipt::create_receipt::v3::Request>(receipts::receipt)
        .raw::<c::read_marker::set_read_marker::v3::Request>(receipts::markers)
        .limited(Limit::Ordinary)
        .raw::<c::search::search_events::v3::Request>(search::search)
        .raw::<c::membership::leave_room::v3::Request>(membership::leave)
        .raw::<c::membership::forget_room::v3::Request>(membership::forget)
        .raw::<c::alias::get_alias::v3::Request>(room_directory::resolve)
        .raw::<c::room::aliases::v3::Request>(room_directory::of_room)
        .standing(Standing::Good)
        .route::<c::room::create_room::v3::Request>(room_create::create)
        .raw::<c::membership::join_room_by_id::v3::Request>(membership::join)
        .raw::<c::membership::join_room_by_id_or_alias::v3::Request>(membership::join)
        .raw::<c::membership::invite_user::v3::Request>(membership::invite)
        .raw::<c::membership::kick_user::v3::Request>(membership::kick)
        .raw::<c::membership::ban_user::v3::Request>(membership::ban)
        .raw::<c::membership::unban_user::v3::Request>(membership::unban)
        .raw::<c::knock::knock_room::v3::Request>(membership::knock)
        .raw::<c::room::upgrade_room::v3::Request>(room_upgrade::upgrade)
        .raw::<c::alias::create_alias::v3::Request>(room_directory::add)
        .raw::<c::alias::delete_alias::v3::Request>(room_directory::remove)
        .standing(Standing::Unlocked)
}

/// Finding rooms and people, and saying what is wrong with them.
fn discovery_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::Ordinary)
        .raw::<c::directory::get_public_rooms::v3::Request>(public_rooms::list)
        .raw::<c::directory::get_public_rooms_filtered::v3::Request>(public_rooms::search)
        .raw::<c::directory::get_room_visibility::v3::Request>(public_rooms::is_listed)
        .standing(Standing::Good)
        .raw::<c::directory::set_room_visibility::v3::Request>(public_rooms::set_listed)
        .standing(Standing::Unlocked)
        .raw::<c::space::get_hierarchy::v1::Request>(hierarchy::get)
        .at::<AccessTokenOptional>(
            Method::GET,
            "/_matrix/client/v1/room_summary/{room_id_or_alias}",
            room_summary::get,
        )
        .at::<AccessTokenOptional>(
            Method::GET,
            "/_matrix/client/unstable/im.nheko.summary/summary/{room_id_or_alias}",
            room_summary::draft,
        )
        .at::<AccessTokenOptional>(
            Method::GET,
            "/_matrix/client/unstable/im.nheko.summary/rooms/{room_id_or_alias}/summary",
            room_summary::draft,
        )
        .at::<AccessToken>(Method::GET, "/_matrix/client/v1/mutual_rooms", mutual_rooms::list)
        .at::<AccessToken>(
            Method::GET,
            "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms",
            mutual_rooms::list,
        )
        .at::<AccessToken>(
            Method::GET,
            "/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms/{user_id}",
            mutual_rooms::list,
        )
        .limited(Limit::Reports)
        .raw::<c::room::report_content::v3::Request>(reports::event)
        .raw::<c::room::report_room::v3::Request>(reports::room)
        .raw::<c::reporting::report_user::v3::Request>(reports::user)
}

/// What only old clients ask, and what this server has none of.
fn old_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .at::<AccessToken>(Method::GET, "/_matrix/client/v3/events", legacy::stream)
        .limited(Limit::Ordinary)
        .at::<AccessToken>(Method::GET, "/_matrix/client/v3/initialSync", legacy::everything)
        .at::<AccessToken>(Method::GET, "/_matrix/client/v3/rooms/{room_id}/initialSync", legacy::one_room)
        .raw::<c::account::get_3pids::v3::Request>(threepids::none)
        .at::<AccessToken>(Method::POST, "/_matrix/client/v3/account/3pid", threepids::refused)
        .raw::<c::account::add_3pid::v3::Request>(threepids::refused)
        .raw::<c::account::bind_3pid::v3::Request>(threepids::refused)
        .raw::<c::account::delete_3pid::v3::Request>(threepids::refused)
        .raw::<c::account::unbind_3pid::v3::Request>(threepids::refused)
        .raw::<c::account::request_3pid_management_token_via_email::v3::Request>(threepids::no_token)
        .raw::<c::account::request_3pid_management_token_via_msisdn::v3::Request>(threepids::no_token)
        .raw::<c::account::request_password_change_token_via_email::v3::Request>(threepids::no_token)
        .raw::<c::account::request_password_change_token_via_msisdn::v3::Request>(threepids::no_token)
        .raw::<c::account::request_registration_token_via_email::v3::Request>(threepids::no_token)
        .raw::<c::account::request_registration_token_via_msisdn::v3::Request>(threepids::no_token)
}

/// A room id in a path.
fn room_id(text: &str) -> Result<ruma::OwnedRoomId, ApiError> {
    ruma::RoomId::parse(text).map_err(|_| ApiError::invalid_param("This is not a room id."))
}

/// 403 unless the path speaks of the user who asks.
fn own(session: &Session, user: &UserId) -> Result<(), ApiError> {
    if session.user_id == user { Ok(()) } else { Err(ApiError::forbidden("This belongs to another user.")) }
}
