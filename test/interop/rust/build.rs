//! Generates messages and clients with tonic-prost-build. The descriptors come from `buf build`: no protoc is needed.

use std::{env, fs, io};

use prost::Message;
use prost_types::FileDescriptorSet;
use tonic_prost_build::{Config, configure};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=MDPS_DESCRIPTOR_SET");
    let path = env::var("MDPS_DESCRIPTOR_SET").map_err(io::Error::other)?;
    println!("cargo::rerun-if-changed={path}");
    // The program also needs the descriptors, for JSON.
    println!("cargo::rustc-env=MDPS_DESCRIPTOR_SET={path}");
    let mut descriptors = FileDescriptorSet::decode(&*fs::read(path)?)?;
    // The program does not use health, reflection and annotations.
    let needed = [
        "mobiledataplansharing.v1",
        "google.rpc",
        "google.type",
        "google.protobuf",
    ];
    descriptors
        .file
        .retain(|file| needed.contains(&file.package()));
    let mut config = Config::new();
    config.enable_type_names();
    configure()
        .build_server(false)
        .include_file("contract.rs")
        .compile_fds_with_config(descriptors, config)
}
