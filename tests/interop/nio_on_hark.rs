//! Two people who use matrix-nio, on hark-server. What they do and expect stands in nio_on_hark.py.

use hark_testkit::Server;

use crate::venv;

async fn scenario(name: &str) {
    let server = Server::start().await;
    venv::script("nio_on_hark.py").args([server.url().as_str(), name]).run().await.ok();
    server.stop().await;
}

#[tokio::test]
async fn two_nio_users_chat() {
    scenario("chat").await;
}

#[tokio::test]
async fn a_nio_account_outlives_its_device_and_a_wrong_password_is_refused() {
    scenario("login").await;
}

#[tokio::test]
async fn a_nio_user_sees_who_types_and_who_has_read() {
    scenario("receipts_and_typing").await;
}

#[tokio::test]
async fn a_nio_user_resumes_from_a_token_without_a_loss_or_a_double() {
    scenario("resume").await;
}

#[tokio::test]
async fn a_nio_user_pages_back_through_a_limited_timeline_without_a_hole() {
    scenario("history").await;
}

#[tokio::test]
async fn a_nio_voice_message_arrives_byte_for_byte() {
    scenario("voice").await;
}

#[tokio::test]
async fn a_name_set_by_a_nio_user_is_seen_by_the_other() {
    scenario("profile").await;
}

#[tokio::test]
async fn who_leaves_is_told_nothing_more_and_a_stranger_learns_nothing() {
    scenario("leaving").await;
}

#[tokio::test]
async fn two_nio_users_talk_in_words_the_server_cannot_read() {
    scenario("encrypted").await;
}
