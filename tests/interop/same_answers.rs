//! The same requests to a Synapse and to hark-server: answers alike, or a reason why not. The script and the reasons stand in
//! same_answers.py.

use hark_testkit::Server;

use crate::{synapse::Synapse, venv};

#[tokio::test]
async fn answers_are_those_of_synapse_or_differ_for_a_reason() {
    let (synapse, server) = (Synapse::start().await, Server::start().await);
    venv::script("same_answers.py").args([synapse.url.as_str(), server.url().as_str()]).run().await.ok();
    server.stop().await;
}
