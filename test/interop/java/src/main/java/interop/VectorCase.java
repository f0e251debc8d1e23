package interop;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.util.Base64;
import java.util.List;

/** A call and its answer from cases.json. */
record VectorCase(JsonObject json) {
  static final List<String> FORMS = List.of("json", "binary");

  static List<VectorCase> readAll(String text) {
    return JsonParser.parseString(text).getAsJsonObject().getAsJsonArray("cases").asList().stream()
        .map(each -> new VectorCase(each.getAsJsonObject()))
        .toList();
  }

  String name() {
    return text("name");
  }

  String token() {
    return text("token");
  }

  CreateMethod method() {
    return CreateMethod.of(text("service"), text("method"));
  }

  /** Parses the request from its JSON or binary form. Throws if protobuf-java rejects it. */
  Message request(String form) throws InvalidProtocolBufferException {
    Message type = method().request();
    return form.equals("json")
        ? parse(json.get("request"), type)
        : type.getParserForType().parseFrom(Base64.getDecoder().decode(text("requestBinary")));
  }

  boolean expectsError() {
    return json.has("error");
  }

  /** Returns the expected response of a case that expects one. */
  Message response() throws InvalidProtocolBufferException {
    return parse(json.get("response"), method().response());
  }

  String errorCode() {
    return expectsError() ? json.getAsJsonObject("error").get("code").getAsString() : "OK";
  }

  /** Returns the expected reason, or null if it is not checked. */
  String errorReason() {
    JsonElement reason = json.getAsJsonObject("error").get("reason");
    return reason == null ? null : reason.getAsString();
  }

  List<String> violations() {
    JsonElement fields = json.getAsJsonObject("error").get("violations");
    return fields == null
        ? List.of()
        : fields.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList();
  }

  private String text(String key) {
    return json.get(key).getAsString();
  }

  private static Message parse(JsonElement json, Message type) throws InvalidProtocolBufferException {
    Message.Builder builder = type.newBuilderForType();
    JsonFormat.parser().merge(json.toString(), builder);
    return builder.build();
  }
}
