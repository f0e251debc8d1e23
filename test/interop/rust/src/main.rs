//! Sends every case with tonic over gRPC and gRPC-Web, and prints a line of JSON for each: see ../README.md.

mod contract;
mod vectors;
mod verdict;

use std::collections::HashMap;
use std::{env, error::Error, fs, time::Duration};

use hyper_util::{client::legacy, rt::TokioExecutor};
use prost::{Message, Name};
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};
use tonic::{
    Request,
    transport::{Channel, Uri},
};
use tonic_web::GrpcWebClientLayer;
use tower::Layer;

use contract::mobiledataplansharing::v1::{
    plan_group_service_client::PlanGroupServiceClient,
    plan_status_service_client::PlanStatusServiceClient,
};
use vectors::{Case, Form, JsonReader, Vectors};
use verdict::judge;

/// Timeout of a call.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = variable("MDPS_ENDPOINT")?;
    let vectors: Vectors = serde_json::from_str(&fs::read_to_string(variable("MDPS_VECTORS")?)?)?;
    let suite = Suite {
        cases: vectors.cases,
        tokens: serde_json::from_str(&variable("MDPS_TOKENS")?)?,
        json: JsonReader::new()?,
        origin: endpoint.parse()?,
    };
    let channel = Channel::builder(suite.origin.clone()).connect().await?;
    suite.run("grpc", channel).await;
    let http1 = legacy::Client::builder(TokioExecutor::new()).build_http();
    suite
        .run("grpc-web", GrpcWebClientLayer::new().layer(http1))
        .await;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("the environment has no {name}"))
}

struct Suite {
    cases: Vec<Case>,
    /// Bearer tokens by their names in cases.
    tokens: HashMap<String, String>,
    json: JsonReader,
    origin: Uri,
}

impl Suite {
    async fn run<T>(&self, protocol: &str, service: T)
    where
        T: GrpcService<Body> + Clone,
        T::Error: Into<StdError>,
        T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
        <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
    {
        let origin = || self.origin.clone();
        let mut statuses = PlanStatusServiceClient::with_origin(service.clone(), origin());
        let mut groups = PlanGroupServiceClient::with_origin(service, origin());
        for case in &self.cases {
            for form in Form::ALL {
                // A macro, because a closure cannot lend the client to the future that it returns.
                macro_rules! call {
                    ($client:ident.$method:ident) => {
                        match self.request(case, form) {
                            Ok(request) => judge(case, $client.$method(request).await, &self.json),
                            Err(error) => Err(format!("the request cannot be read: {error}")),
                        }
                    };
                }
                let verdict = match format!("{}/{}", case.service, case.method).as_str() {
                    "mobiledataplansharing.v1.PlanStatusService/CreateUserPlanStatus" => {
                        call!(statuses.create_user_plan_status)
                    }
                    "mobiledataplansharing.v1.PlanStatusService/CreatePlanStatus" => {
                        call!(statuses.create_plan_status)
                    }
                    // Deprecated by Google, but still served.
                    #[allow(deprecated)]
                    "mobiledataplansharing.v1.PlanGroupService/CreatePlanGroup" => {
                        call!(groups.create_plan_group)
                    }
                    other => Err(format!("unknown method {other}")),
                };
                print(protocol, form, case, verdict);
            }
        }
    }

    fn request<M: Message + Name + Default>(
        &self,
        case: &Case,
        form: Form,
    ) -> Result<Request<M>, Box<dyn Error>> {
        let mut request = Request::new(case.request(form, &self.json)?);
        request.set_timeout(TIMEOUT);
        if case.token != "none" {
            let token = self
                .tokens
                .get(&case.token)
                .ok_or_else(|| format!("MDPS_TOKENS has no {}", case.token))?;
            let value = format!("Bearer {token}").parse()?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

fn print(protocol: &str, form: Form, case: &Case, verdict: Result<(), String>) {
    let mut line = serde_json::json!({
        "protocol": protocol,
        "form": form.name(),
        "case": case.name,
        "ok": verdict.is_ok(),
    });
    if let Err(why) = verdict {
        line["why"] = why.into();
    }
    println!("{line}");
}
