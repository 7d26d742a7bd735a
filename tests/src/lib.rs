//! Hark as a whole. The tests are in `two_people/`, `faults/`, `interop/` and `browser/`; what they share is in
//! `hark-testkit`.
