//! The code that tonic-prost-build generates from the contract.

#![allow(dead_code, clippy::all)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
