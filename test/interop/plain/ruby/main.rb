# Sends every case as JSON and as binary over Connect, with classes that protoc generated, and prints a line of JSON for
# each: see ../../README.md. Uses nothing but Ruby and google-protobuf.

require "json"
require "net/http"
require "google/rpc/error_details_pb"
require "mobiledataplansharing/v1/plan_group_service_pb"
require "mobiledataplansharing/v1/plan_status_service_pb"

V1 = MobileDataPlanSharing::V1
METHODS = {
  "CreateUserPlanStatus" => [V1::CreateUserPlanStatusRequest, V1::PlanStatus],
  "CreatePlanStatus" => [V1::CreatePlanStatusRequest, V1::PlanStatus],
  "CreatePlanGroup" => [V1::CreatePlanGroupRequest, V1::PlanGroup],
}.freeze
PROTOCOLS = { "connect" => "application/proto", "connect json" => "application/json" }.freeze
# A Struct of 32 levels has three messages for each. The default is 64.
DEPTH = 128
TOKENS = JSON.parse(ENV.fetch("MDPS_TOKENS")).freeze

# Sends a case. Returns the problem of the answer, or nil.
def run(http, vector, form, content_type)
  request_class, response_class = METHODS.fetch(vector["method"])
  request =
    begin
      if form == "json"
        request_class.decode_json(JSON.generate(vector["request"]))
      else
        request_class.decode(vector["requestBinary"].unpack1("m0"), recursion_limit: DEPTH)
      end
    rescue Google::Protobuf::ParseError => error
      return "the request cannot be read: #{error.message}"
    end
  answer = http.post("/#{vector["service"]}/#{vector["method"]}", encode(request, content_type), headers(vector, content_type))
  return compare_error(vector, JSON.parse(answer.body)) unless answer.code == "200"
  return "expected code #{vector["error"]["code"]}, got OK" if vector.key?("error")

  response = content_type == "application/json" ? response_class.decode_json(answer.body) : response_class.decode(answer.body, recursion_limit: DEPTH)
  expected = response_class.decode_json(JSON.generate(vector["response"]))
  "expected the response #{expected.to_json}, got #{response.to_json}" unless value_of(response) == value_of(expected)
end

# Returns a message as hashes, because `==` of messages fails below 64 levels.
def value_of(message)
  JSON.parse(message.to_json, max_nesting: DEPTH)
end

def encode(message, content_type)
  content_type == "application/json" ? message.to_json : message.class.encode(message, recursion_limit: DEPTH)
end

def headers(vector, content_type)
  headers = { "content-type" => content_type, "connect-protocol-version" => "1" }
  return headers if vector["token"] == "none"

  headers.merge("authorization" => "Bearer #{TOKENS.fetch(vector["token"])}")
end

def compare_error(vector, error)
  expected = vector.fetch("error", { "code" => "OK" })
  code = error["code"].upcase
  return "expected code #{expected["code"]}, got #{code}: #{error["message"]}" if code != expected["code"]

  reason, violations = read_details(error)
  if expected.key?("reason") && reason != expected["reason"]
    return "expected reason #{expected["reason"]}, got #{reason}: #{error["message"]}"
  end

  wanted = expected.fetch("violations", [])
  "expected violations #{wanted}, got #{violations}" if violations != wanted
end

# Returns the reason and the violated fields. Connect writes base64 without padding.
def read_details(error)
  reason = nil
  violations = []
  error.fetch("details", []).each do |detail|
    bytes = detail["value"].unpack1("m")
    case detail["type"]
    when "google.rpc.ErrorInfo"
      reason = Google::Rpc::ErrorInfo.decode(bytes).reason
    when "google.rpc.BadRequest"
      violations += Google::Rpc::BadRequest.decode(bytes).field_violations.map(&:field)
    end
  end
  [reason, violations]
end

$stdout.sync = true
cases = JSON.parse(File.read(ENV.fetch("MDPS_VECTORS"), encoding: "UTF-8")).fetch("cases")
endpoint = URI(ENV.fetch("MDPS_ENDPOINT"))
Net::HTTP.start(endpoint.host, endpoint.port, read_timeout: 60) do |http|
  PROTOCOLS.to_a.product(%w[json binary], cases).each do |(protocol, content_type), form, vector|
    why = run(http, vector, form, content_type)
    report = { protocol: protocol, form: form, case: vector["name"], ok: why.nil? }
    puts JSON.generate(why.nil? ? report : report.merge(why: why))
  end
end
