//! Files over HTTP: sending, fetching, and reading what came.

use hark_server::Config;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::support::{House, Person};

/// A house whose server was told something about files.
pub(crate) async fn house(change: impl Fn(&mut Config) + Send + Sync + 'static) -> House {
    House::open_with(change).await
}

/// The id in an `mxc://hark.test/…` address.
pub(crate) fn id_of(answer: &Value) -> String {
    answer["content_uri"].as_str().unwrap().strip_prefix("mxc://hark.test/").unwrap().to_owned()
}

/// A header of an answer, or nothing.
pub(crate) fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Status and errcode of an answer.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{body}");
    (status, body["errcode"].as_str().unwrap_or("none").to_owned())
}

/// The JSON of a success.
pub(crate) async fn ok(response: Response) -> Value {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{body}");
    body
}

impl Person {
    /// A request to an address below `/_matrix`.
    pub(crate) fn to(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, &format!("_matrix/{path}"))
    }

    /// An upload of bytes; its answer.
    pub(crate) async fn upload(&self, kind: &str, bytes: impl Into<reqwest::Body>) -> Response {
        let request = self.to(Method::POST, "media/v3/upload?filename=file");
        request.header("content-type", kind).body(bytes).send().await.unwrap()
    }

    /// An upload that must succeed; its id.
    pub(crate) async fn uploads(&self, kind: &str, bytes: impl Into<reqwest::Body>) -> String {
        id_of(&ok(self.upload(kind, bytes).await).await)
    }

    /// The file behind an id.
    pub(crate) async fn download(&self, id: &str, query: &str) -> Response {
        let path = format!("client/v1/media/download/hark.test/{id}{query}");
        self.to(Method::GET, &path).send().await.unwrap()
    }

    /// A smaller picture of the file behind an id.
    pub(crate) async fn thumbnail(&self, id: &str, query: &str) -> Response {
        let path = format!("client/v1/media/thumbnail/hark.test/{id}?{query}");
        self.to(Method::GET, &path).send().await.unwrap()
    }

    /// An address without a file; its id.
    pub(crate) async fn promised(&self) -> String {
        id_of(&ok(self.to(Method::POST, "media/v1/create").send().await.unwrap()).await)
    }

    /// Fills a promised address.
    pub(crate) async fn fill(&self, id: &str, kind: &str, bytes: impl Into<reqwest::Body>) -> Response {
        let request = self.to(Method::PUT, &format!("media/v3/upload/hark.test/{id}?filename=file"));
        request.header("content-type", kind).body(bytes).send().await.unwrap()
    }
}
