//! The endpoints: one readable list here, one file of handlers per resource beside it.
//!
//! A handler is `async fn(app, who, request) -> Result<answer, ApiError>`: who may, then three to ten lines of work. `who` is the
//! [`Session`] where the endpoint needs a token, `()` where it does not.

mod account_data;
mod capabilities;
mod devices;
mod discovery;
mod filter;
mod login;
mod logout;
mod media;
mod presence;
mod profile;
mod push_rules;
mod register;
mod tags;
mod to_device;
mod user_directory;

pub(crate) use self::presence::Presences;
use axum::{Router, middleware, routing::get};
use ruma::{UserId, api::client as c};
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::{ApiError, Routes, Session, extract::Shared, layers, limits::Limit};

/// Everything the server answers to.
pub(crate) fn router(app: Shared) -> Router {
    let routes = rooms_routes(media_routes(account_routes(Routes::default())));
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

/// Signing in and out, and what belongs to an account.
fn account_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .route::<c::discovery::get_supported_versions::Request>(discovery::versions)
        .limited(Limit::SignIn)
        .raw::<c::session::login::v3::Request>(login::log_in)
        .raw::<c::account::register::v3::Request>(register::register)
        .limited(Limit::Ordinary)
        .route::<c::session::get_login_types::v3::Request>(login::flows)
        .route::<c::account::get_username_availability::v3::Request>(register::available)
        .route::<c::account::check_registration_token_validity::v1::Request>(register::token_validity)
        .route::<c::session::logout::v3::Request>(logout::log_out)
        .route::<c::session::logout_all::v3::Request>(logout::log_out_everywhere)
        .route::<c::account::whoami::v3::Request>(login::whoami)
        .route::<c::discovery::get_capabilities::v3::Request>(capabilities::get)
        .route::<c::device::get_devices::v3::Request>(devices::list)
        .route::<c::device::get_device::v3::Request>(devices::get)
        .route::<c::device::update_device::v3::Request>(devices::rename)
        .route::<c::profile::get_profile::v3::Request>(profile::get)
        .raw::<c::profile::get_profile_field::v3::Request>(profile::get_field)
        .raw::<c::profile::set_profile_field::v3::Request>(profile::set_field)
        .raw::<c::profile::delete_profile_field::v3::Request>(profile::delete_field)
        .raw::<c::filter::create_filter::v3::Request>(filter::create)
        .route::<c::filter::get_filter::v3::Request>(filter::get)
        .route::<c::config::get_global_account_data::v3::Request>(account_data::get)
        .raw::<c::config::set_global_account_data::v3::Request>(account_data::set)
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
        .route::<c::user_directory::search_users::v3::Request>(user_directory::search)
        .route::<c::presence::get_presence::v3::Request>(presence::get)
        .route::<c::presence::set_presence::v3::Request>(presence::set)
        .route::<c::voip::get_turn_server_info::v3::Request>(discovery::no_turn_server)
        .route::<c::thirdparty::get_protocols::v3::Request>(discovery::no_protocols)
        .limited(Limit::None)
        .raw::<c::to_device::send_event_to_device::v3::Request>(to_device::send)
}

/// Files.
fn media_routes(routes: Routes) -> Routes {
    routes
        .limited(Limit::None)
        .stream::<c::media::create_content::v3::Request>(media::upload)
        .route::<c::authenticated_media::get_media_config::v1::Request>(media::config)
        .stream::<c::authenticated_media::get_content::v1::Request>(media::download)
        .stream::<c::authenticated_media::get_content_as_filename::v1::Request>(media::download)
        .stream::<c::authenticated_media::get_content_thumbnail::v1::Request>(media::thumbnail)
        .route::<c::media::get_media_config::v3::Request>(media::old_config)
        .stream::<c::media::get_content::v3::Request>(media::without_token)
        .stream::<c::media::get_content_as_filename::v3::Request>(media::without_token)
        .stream::<c::media::get_content_thumbnail::v3::Request>(media::without_token)
}

/// Rooms, their events, sync, and the signals that are not stored.
fn rooms_routes(routes: Routes) -> Routes {
    routes
}

/// 403 unless the path speaks of the user who asks.
fn own(session: &Session, user: &UserId) -> Result<(), ApiError> {
    if session.user_id == user { Ok(()) } else { Err(ApiError::forbidden("This belongs to another user.")) }
}
