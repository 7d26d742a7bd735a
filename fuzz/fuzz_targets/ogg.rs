#![no_main]

libfuzzer_sys::fuzz_target!(init: hark_fuzz::pass_over_symphonia(), |data: &[u8]| hark_fuzz::ogg(data));
