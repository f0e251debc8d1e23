package interop;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Sends every case with grpc-java and generated stubs, and prints a line of JSON for each: see ../README.md. */
public final class Main {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();
  // The encoding of System.out depends on the locale.
  private static final PrintStream OUT =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  public static void main(String[] args) throws IOException {
    Map<String, ?> serviceConfig = GSON.fromJson(read("MDPS_SERVICE_CONFIG"), Map.class);
    JsonObject tokens = JsonParser.parseString(System.getenv("MDPS_TOKENS")).getAsJsonObject();
    String target = URI.create(System.getenv("MDPS_ENDPOINT")).getAuthority();
    ManagedChannel channel =
        Grpc.newChannelBuilder(target, InsecureChannelCredentials.create())
            .defaultServiceConfig(serviceConfig)
            .build();
    try {
      for (VectorCase each : VectorCase.readAll(read("MDPS_VECTORS"))) {
        for (String form : VectorCase.FORMS) {
          report(each, form, run(each, form, channel, tokens));
        }
      }
    } finally {
      channel.shutdownNow();
    }
  }

  /** Sends a case. Returns the problem of the answer, if any. */
  private static Optional<String> run(
      VectorCase vector, String form, ManagedChannel channel, JsonObject tokens) throws IOException {
    Message request;
    try {
      request = vector.request(form);
    } catch (InvalidProtocolBufferException e) {
      return Optional.of("the request cannot be read: " + e.getMessage());
    }
    Metadata headers = new Metadata();
    if (!vector.token().equals("none")) {
      headers.put(AUTHORIZATION, "Bearer " + tokens.get(vector.token()).getAsString());
    }
    var authorized =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    try {
      return Expectation.compareResponse(vector, vector.method().call(authorized, request));
    } catch (StatusRuntimeException e) {
      return Expectation.compareError(vector, e);
    }
  }

  private static void report(VectorCase vector, String form, Optional<String> why) {
    JsonObject line = new JsonObject();
    line.addProperty("protocol", "grpc");
    line.addProperty("form", form);
    line.addProperty("case", vector.name());
    line.addProperty("ok", why.isEmpty());
    why.ifPresent(text -> line.addProperty("why", text));
    OUT.println(GSON.toJson(line));
  }

  private static String read(String variable) throws IOException {
    return Files.readString(Path.of(System.getenv(variable)));
  }
}
