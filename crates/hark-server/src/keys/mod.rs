//! End-to-end encryption, as far as a server has a part in it: it passes on public keys and signatures, and can read nothing.
//!
//! What devices publish is checked here before it is stored (shape, size, signature), so that a malformed key of one user never
//! reaches another. [`device`] and [`upload`] are about the keys of devices, [`published`]
//! about what others see, [`signed`] about the signatures of all of them. Which
//! users hear of a change is decided in [`sync::device_lists`](crate::sync).

pub(crate) mod backup;
pub(crate) mod cross_signing;
pub(crate) mod device;
mod error;
pub(crate) mod published;
pub(crate) mod signatures;
pub(crate) mod signed;
pub(crate) mod upload;

pub(crate) use self::error::KeyError;
