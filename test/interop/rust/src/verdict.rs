//! Compares an answer with the expected one.

use std::fmt::Debug;

use prost::{Message, Name};
use prost_types::Any;
use tonic::{Response, Status};

use crate::contract::google::rpc;
use crate::vectors::{Case, ExpectedError, JsonReader};

/// Returns the problem of an answer, if any.
pub fn judge<M: Message + Name + Default + PartialEq + Debug>(
    case: &Case,
    answer: Result<Response<M>, Status>,
    json: &JsonReader,
) -> Result<(), String> {
    match (&case.response, &case.error, answer) {
        (Some(expected), None, Ok(answer)) => {
            let expected: M = json
                .read(expected)
                .map_err(|error| format!("the expected response cannot be read: {error}"))?;
            same("response", &expected, answer.get_ref())
        }
        (Some(_), None, Err(status)) => Err(format!("expected a response, got {status}")),
        (None, Some(expected), Ok(_)) => Err(format!("expected code {}, got OK", expected.code)),
        (None, Some(expected), Err(status)) => judge_error(expected, &status),
        _ => Err("the case must have either response or error".into()),
    }
}

fn judge_error(expected: &ExpectedError, status: &Status) -> Result<(), String> {
    let code =
        rpc::Code::try_from(i32::from(status.code())).map_or("none", |code| code.as_str_name());
    if code != expected.code {
        return Err(format!(
            "expected code {}, got {code}: {}",
            expected.code,
            status.message()
        ));
    }
    // From grpc-status-details-bin.
    let details = rpc::Status::decode(status.details())
        .map_err(|error| format!("the status details cannot be decoded: {error}"))?
        .details;
    if let Some(reason) = &expected.reason {
        let info: Option<rpc::ErrorInfo> = find(&details)?;
        same("reason", reason, &info.unwrap_or_default().reason)?;
    }
    let request: Option<rpc::BadRequest> = find(&details)?;
    let fields: Vec<String> = request
        .unwrap_or_default()
        .field_violations
        .into_iter()
        .map(|violation| violation.field)
        .collect();
    same("violations", &expected.violations, &fields)
}

fn find<M: Message + Name + Default>(details: &[Any]) -> Result<Option<M>, String> {
    details
        .iter()
        .find(|any| any.type_url.rsplit('/').next() == Some(&M::full_name()))
        .map(|any| M::decode(&*any.value).map_err(|error| format!("{}: {error}", M::full_name())))
        .transpose()
}

fn same<T: PartialEq + Debug>(what: &str, expected: &T, got: &T) -> Result<(), String> {
    if expected == got {
        Ok(())
    } else {
        Err(format!("expected {what} {expected:?}, got {got:?}"))
    }
}
