//! What tonic-prost-build made of the contract.

#![allow(dead_code, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
