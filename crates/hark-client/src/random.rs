//! The one place randomness comes from.

use crate::error::Error;

/// Bytes from the system.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut out = [0; N];
    getrandom::fill(&mut out)
        .map_err(|e| Error::Internal(format!("the system gives no random numbers: {e}")))?;
    Ok(out)
}

/// A fresh transaction id: 128 bits, so two devices never meet.
pub(crate) fn txn_id() -> Result<String, Error> {
    Ok(format!("hark-{}", hex(&bytes::<16>()?)))
}

/// A number in 0..1, for jitter. Where the system gives none, the middle.
pub(crate) fn unit() -> f64 {
    bytes::<4>().map_or(0.5, |b| f64::from(u32::from_le_bytes(b)) / f64::from(u32::MAX))
}

/// Small letters, two a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}
