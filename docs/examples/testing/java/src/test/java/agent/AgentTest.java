package agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import com.mobiledataplansharing.emulator.v1.Call;
import com.mobiledataplansharing.emulator.v1.Fault;
import com.mobiledataplansharing.emulator.v1.InjectedError;
import com.mobiledataplansharing.v1.BalanceLevel;
import com.mobiledataplansharing.v1.ByteQuota;
import com.mobiledataplansharing.v1.CreateUserPlanStatusRequest;
import com.mobiledataplansharing.v1.ErrorReason;
import com.mobiledataplansharing.v1.Plan;
import com.mobiledataplansharing.v1.PlanCategory;
import com.mobiledataplansharing.v1.PlanModule;
import com.mobiledataplansharing.v1.PlanStatus;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AgentTest {
  private static final Instant NOON = Instant.parse("2026-12-01T12:00:00Z");
  private static final Duration HOUR = Duration.ofHours(1);

  private static Emulator emulator;
  private final List<Duration> pauses = new ArrayList<>();
  private final Agent agent = new Agent(emulator.channel, () -> emulator.token(HOUR), pauses::add);

  @BeforeAll
  static void start() throws Exception {
    emulator = Emulator.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (emulator != null) {
      emulator.close();
    }
  }

  @BeforeEach
  void reset() {
    emulator.reset();
    emulator.setClock(NOON);
  }

  @Test
  void orderAnOlderStatusIsRefused() {
    agent.push(pushAt(NOON, plenty()));
    assertEquals("PLAN_STATUS_STALE", refused(pushAt(NOON.minusSeconds(1), plenty())));
    assertEquals(List.of("", "PLAN_STATUS_STALE"), reasons());
  }

  @Test
  void expiryAStatusIsGoneOnceItsTimeHasPassed() {
    agent.push(pushAt(NOON, plenty()));
    assertEquals(1, emulator.records().size());
    emulator.advance(HOUR.multipliedBy(2));
    assertEquals(List.of(), emulator.records());
  }

  @Test
  void lowBalanceRemainingBytesIsRequired() {
    assertEquals("FIELD_INVALID", refused(pushAt(NOON, low(ByteQuota.newBuilder().setQuotaBytes(2L << 30)))));
    assertEquals(
        "planStatus.plans[0].planModules[0].byteBalance.remainingBytes",
        emulator.calls().get(0).getViolations(0).getField());
  }

  @Test
  void unregisteredDeviceAPushThatNotifiesIsRefused() {
    emulator.enforceRegistration();
    ByteQuota.Builder balance = ByteQuota.newBuilder().setQuotaBytes(2L << 30).setRemainingBytes(100_000_000);
    assertEquals("DEVICE_NOT_REGISTERED", refused(pushAt(NOON, low(balance))));
  }

  @Test
  void overloadTheAgentWaitsAsLongAsItIsTold() {
    InjectedError.Builder error =
        InjectedError.newBuilder().setReason(ErrorReason.SERVER_OVERLOADED).setRetryDelay(Durations.fromSeconds(7));
    emulator.failNext(Fault.newBuilder().setError(error));
    agent.push(pushAt(NOON, plenty()));
    assertEquals(List.of(Duration.ofSeconds(7)), pauses);
    assertEquals(List.of("SERVER_OVERLOADED", ""), reasons());
  }

  @Test
  void lostAnswerTheAgentSendsTheSamePushAgain() {
    emulator.failNext(Fault.newBuilder().setCut(Fault.Cut.BEFORE_ANSWER));
    agent.push(pushAt(NOON, plenty()));
    List<Call> calls = emulator.calls();
    assertEquals(2, calls.size());
    assertEquals(calls.get(0).getRequestJson(), calls.get(1).getRequestJson());
    assertEquals(1, emulator.records().size());
  }

  @Test
  void tokenExpiryTheAgentGetsANewToken() {
    agent.push(pushAt(NOON, plenty()));
    emulator.advance(HOUR);
    agent.push(pushAt(NOON.plus(HOUR), plenty()));
    assertEquals(List.of("", "CREDENTIALS_INVALID", ""), reasons());
  }

  /** Sends a push that must be refused, and returns the reason. */
  private String refused(CreateUserPlanStatusRequest push) {
    return Agent.reasonOf(assertThrows(StatusRuntimeException.class, () -> agent.push(push)));
  }

  /** Returns how the calls ended. Over gRPC there is no HTTP status, but the same reasons. */
  private static List<String> reasons() {
    return emulator.calls().stream().map(Call::getReason).toList();
  }

  /** Returns a push of a balance that was measured at a time. */
  private static CreateUserPlanStatusRequest pushAt(Instant updated, PlanModule.Builder module) {
    PlanStatus.Builder status =
        PlanStatus.newBuilder()
            .setLanguageCode("en-US")
            .setUpdateTime(Timestamps.fromMillis(updated.toEpochMilli()))
            .setExpireTime(Timestamps.fromMillis(updated.plus(HOUR.multipliedBy(2)).toEpochMilli()))
            .addPlans(
                Plan.newBuilder()
                    .setPlanId("acme-199")
                    .setPlanCategory(PlanCategory.POSTPAID)
                    .addPlanModules(module.setModuleName("Data").setDescription("2 GB")));
    return CreateUserPlanStatusRequest.newBuilder()
        .setParent(Emulator.OPERATOR)
        .setClientId("youtube")
        .setUserKey("491701234567")
        .setPlanStatus(status)
        .build();
  }

  /** Returns a module that does not notify. */
  private static PlanModule.Builder plenty() {
    return PlanModule.newBuilder().setByteBalance(ByteQuota.newBuilder().setQuotaBytes(2L << 30));
  }

  /** Returns a module that warns of a low balance. */
  private static PlanModule.Builder low(ByteQuota.Builder balance) {
    return PlanModule.newBuilder().setByteBalance(balance).setCoarseBalanceLevel(BalanceLevel.LOW_QUOTA);
  }
}
