//! The cases and their messages.

use std::error::Error;

use base64::{Engine, prelude::BASE64_STANDARD};
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct Vectors {
    pub cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    pub name: String,
    pub service: String,
    pub method: String,
    pub token: String,
    request: Value,
    request_binary: String,
    pub response: Option<Value>,
    pub error: Option<ExpectedError>,
}

#[derive(Deserialize)]
pub struct ExpectedError {
    pub code: String,
    pub reason: Option<String>,
    #[serde(default)]
    pub violations: Vec<String>,
}

/// The form from which the request of a case is parsed.
#[derive(Clone, Copy)]
pub enum Form {
    Json,
    Binary,
}

impl Form {
    pub const ALL: [Form; 2] = [Form::Json, Form::Binary];

    pub fn name(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Binary => "binary",
        }
    }
}

/// Reads proto3 JSON, which prost does not support.
pub struct JsonReader(DescriptorPool);

impl JsonReader {
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let descriptors = include_bytes!(env!("MDPS_DESCRIPTOR_SET")).as_slice();
        Ok(Self(DescriptorPool::decode(descriptors)?))
    }

    /// Returns the message of a JSON value. Unknown fields are errors.
    pub fn read<M: Message + Name + Default>(&self, json: &Value) -> Result<M, Box<dyn Error>> {
        let name = M::full_name();
        let descriptor = self
            .0
            .get_message_by_name(&name)
            .ok_or_else(|| format!("the contract has no {name}"))?;
        Ok(DynamicMessage::deserialize(descriptor, json)?.transcode_to()?)
    }
}

impl Case {
    pub fn request<M: Message + Name + Default>(
        &self,
        form: Form,
        json: &JsonReader,
    ) -> Result<M, Box<dyn Error>> {
        Ok(match form {
            Form::Json => json.read(&self.request)?,
            Form::Binary => M::decode(&*BASE64_STANDARD.decode(&self.request_binary)?)?,
        })
    }
}
