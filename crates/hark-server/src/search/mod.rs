//! Searching for words in what was said.
//!
//! [`index`](index::catch_up) brings the store's index of words up to date: in the background when the server is quiet, and before a
//! search is answered. [`words`] makes what a person types into an expression of that index.

mod index;
mod words;

pub(crate) use self::{
    index::{catch_up, run},
    words::Words,
};
