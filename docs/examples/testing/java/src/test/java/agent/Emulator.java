package agent;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonSyntaxException;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import com.mobiledataplansharing.emulator.v1.AdvanceClockRequest;
import com.mobiledataplansharing.emulator.v1.Call;
import com.mobiledataplansharing.emulator.v1.Clock;
import com.mobiledataplansharing.emulator.v1.CreateFaultRequest;
import com.mobiledataplansharing.emulator.v1.CreateTokenRequest;
import com.mobiledataplansharing.emulator.v1.EmulatorServiceGrpc;
import com.mobiledataplansharing.emulator.v1.EmulatorServiceGrpc.EmulatorServiceBlockingStub;
import com.mobiledataplansharing.emulator.v1.Fault;
import com.mobiledataplansharing.emulator.v1.ListCallsRequest;
import com.mobiledataplansharing.emulator.v1.ListRecordsRequest;
import com.mobiledataplansharing.emulator.v1.Record;
import com.mobiledataplansharing.emulator.v1.Registration;
import com.mobiledataplansharing.emulator.v1.ResetRequest;
import com.mobiledataplansharing.emulator.v1.UpdateClockRequest;
import com.mobiledataplansharing.emulator.v1.UpdateRegistrationRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Starts and controls the emulator, `mdps dev`, in tests. Close it after them, also if they fail. */
public final class Emulator implements AutoCloseable {
  public static final String OPERATOR = "operators/65001";
  private static final String COMMAND = "mdps dev --port 0 --json --log-level error";
  private static final long START_LIMIT_SECONDS = 60;

  /** A client with all methods of the emulator. */
  public final EmulatorServiceBlockingStub service;

  /** To the emulator, for the agent too. */
  public final ManagedChannel channel;

  /** Undefined if it was not started here. */
  private final Process program;

  private Emulator(String url, Process program) {
    this.program = program;
    this.channel =
        Grpc.newChannelBuilder(URI.create(url).getAuthority(), InsecureChannelCredentials.create()).build();
    this.service = EmulatorServiceGrpc.newBlockingStub(channel);
  }

  /** Starts an emulator with the command MDPS_COMMAND, or uses that of the URL MDPS_ENDPOINT if it is set. */
  public static Emulator start() throws IOException {
    String url = System.getenv("MDPS_ENDPOINT");
    if (url != null && !url.isEmpty()) {
      return attach(url);
    }
    String command = System.getenv().getOrDefault("MDPS_COMMAND", COMMAND);
    Process program =
        new ProcessBuilder(command.split(" ")).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    // A test run that is ended leaves no emulator behind.
    Runtime.getRuntime().addShutdownHook(new Thread(program::destroy));
    CompletableFuture<Void> limit =
        new CompletableFuture<Void>().orTimeout(START_LIMIT_SECONDS, TimeUnit.SECONDS);
    limit.whenComplete((nothing, late) -> { if (late != null) program.destroyForcibly(); });
    BufferedReader output = program.inputReader();
    String line = output.readLine();
    limit.complete(null);
    try {
      JsonObject ready = JsonParser.parseString(String.valueOf(line)).getAsJsonObject();
      return new Emulator(ready.get("url").getAsString(), program);
    } catch (JsonSyntaxException | IllegalStateException | NullPointerException e) {
      program.destroy();
      throw new IOException(command + " printed " + line + " instead of a line of JSON with a url", e);
    }
  }

  /** Uses a running emulator, such as one in a container. */
  public static Emulator attach(String url) {
    Emulator emulator = new Emulator(url, null);
    emulator.reset();
    return emulator;
  }

  /** Returns an access token that is valid for a time by the emulator's clock. */
  public String token(Duration lifetime) {
    return service
        .createToken(
            CreateTokenRequest.newBuilder()
                .addOperators(OPERATOR)
                .setLifetime(Durations.fromMillis(lifetime.toMillis()))
                .build())
        .getAccessToken();
  }

  /** Sets the clock to a time, at which it stands still. */
  public void setClock(Instant now) {
    Clock clock =
        Clock.newBuilder()
            .setMode(Clock.Mode.FROZEN)
            .setTime(Timestamps.fromMillis(now.toEpochMilli()))
            .build();
    service.updateClock(UpdateClockRequest.newBuilder().setClock(clock).build());
  }

  /** Advances the clock. */
  public void advance(Duration duration) {
    service.advanceClock(
        AdvanceClockRequest.newBuilder().setDuration(Durations.fromMillis(duration.toMillis())).build());
  }

  /** Lets the next call fail as the fault says. */
  public void failNext(Fault.Builder fault) {
    service.createFault(CreateFaultRequest.newBuilder().setFault(fault.setNextCalls(1)).build());
  }

  /** Rejects pushes that notify unless a device has registered their user key. */
  public void enforceRegistration() {
    Registration registration = Registration.newBuilder().setEnforced(true).build();
    service.updateRegistration(UpdateRegistrationRequest.newBuilder().setRegistration(registration).build());
  }

  /** Returns the last 1,000 calls, the oldest first. */
  public List<Call> calls() {
    List<Call> calls =
        new ArrayList<>(service.listCalls(ListCallsRequest.newBuilder().setPageSize(1000).build()).getCallsList());
    Collections.reverse(calls);
    return calls;
  }

  /** Returns the stored statuses and groups, at most 1,000. */
  public List<Record> records() {
    return service.listRecords(ListRecordsRequest.newBuilder().setPageSize(1000).build()).getRecordsList();
  }

  /** Returns to the state after the start. */
  public void reset() {
    service.reset(ResetRequest.getDefaultInstance());
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    if (program != null) {
      program.destroy();
      program.waitFor();
    }
  }
}
