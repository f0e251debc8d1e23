package agent;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.Durations;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.mobiledataplansharing.v1.CreateUserPlanStatusRequest;
import com.mobiledataplansharing.v1.PlanStatusServiceGrpc;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A Data Plan Agent as its tests see it: it pushes a status, and retries what may be retried. */
public final class Agent {
  private static final int ATTEMPTS = 3;
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Channel channel;
  private final Supplier<String> newToken;
  private final Consumer<Duration> pause;
  private String token;

  /** `newToken` gets an access token; `pause` waits before a retry. */
  public Agent(Channel channel, Supplier<String> newToken, Consumer<Duration> pause) {
    this.channel = channel;
    this.newToken = newToken;
    this.pause = pause;
  }

  /**
   * Stores a status. It sends the same request again if the host is overloaded or the answer is lost: a push with an
   * equal updateTime is accepted again.
   */
  public void push(CreateUserPlanStatusRequest request) {
    for (int attempt = 1; ; attempt++) {
      if (token == null) {
        token = newToken.get();
      }
      Metadata headers = new Metadata();
      headers.put(AUTHORIZATION, "Bearer " + token);
      try {
        PlanStatusServiceGrpc.newBlockingStub(channel)
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .createUserPlanStatus(request);
        return;
      } catch (StatusRuntimeException e) {
        Status.Code code = e.getStatus().getCode();
        // Over gRPC, a connection that is cut within a call is INTERNAL, UNKNOWN or UNAVAILABLE.
        boolean isTemporary =
            code == Status.Code.UNAVAILABLE || code == Status.Code.INTERNAL || code == Status.Code.UNKNOWN;
        if (attempt == ATTEMPTS || !(isTemporary || code == Status.Code.UNAUTHENTICATED)) {
          throw e;
        }
        if (isTemporary) {
          pause.accept(retryDelay(e));
        } else {
          token = null;
        }
      }
    }
  }

  /** Returns the reason of an error, such as PLAN_STATUS_STALE, or an empty string. */
  public static String reasonOf(StatusRuntimeException error) {
    return detail(error, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
  }

  /** Returns how long the host asks to wait, by default a second. */
  private static Duration retryDelay(StatusRuntimeException error) {
    return detail(error, RetryInfo.class)
        .map(info -> Duration.ofMillis(Durations.toMillis(info.getRetryDelay())))
        .orElse(Duration.ofSeconds(1));
  }

  private static <T extends Message> Optional<T> detail(StatusRuntimeException error, Class<T> type) {
    for (Any each : StatusProto.fromThrowable(error).getDetailsList()) {
      if (each.is(type)) {
        try {
          return Optional.of(each.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
