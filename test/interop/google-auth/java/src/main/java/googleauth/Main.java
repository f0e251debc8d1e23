package googleauth;

import com.google.auth.oauth2.GoogleCredentials;
import com.google.gson.Gson;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import com.mobiledataplansharing.v1.CreateUserPlanStatusRequest;
import com.mobiledataplansharing.v1.PlanStatus;
import com.mobiledataplansharing.v1.PlanStatusServiceGrpc;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.auth.MoreCallCredentials;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Pushes a status with a key file and Google's auth library, as production code does: see main.ts. */
public final class Main {
  private static final String SCOPE = "https://www.googleapis.com/auth/dataplansharing";

  public static void main(String[] args) throws IOException {
    GoogleCredentials credentials;
    try (InputStream key = new FileInputStream(System.getenv("GOOGLE_APPLICATION_CREDENTIALS"))) {
      credentials = GoogleCredentials.fromStream(key).createScoped(SCOPE);
    }
    String target = URI.create(System.getenv("MDPS_ENDPOINT")).getAuthority();
    ManagedChannel channel = Grpc.newChannelBuilder(target, TlsChannelCredentials.create()).build();
    try {
      PlanStatus status =
          PlanStatusServiceGrpc.newBlockingStub(channel)
              .withCallCredentials(MoreCallCredentials.from(credentials))
              .withDeadlineAfter(60, TimeUnit.SECONDS)
              .createUserPlanStatus(request());
      report("OK", status.getName());
    } catch (StatusRuntimeException e) {
      report(e.getStatus().getCode().name(), e.getStatus().getDescription() + causes(e));
    } finally {
      channel.shutdownNow();
    }
  }

  private static CreateUserPlanStatusRequest request() {
    var now = Timestamps.now();
    return CreateUserPlanStatusRequest.newBuilder()
        .setParent("operators/65001")
        .setClientId("mobiledataplan")
        .setUserKey(System.getenv("MDPS_USER_KEY"))
        .setPlanStatus(
            PlanStatus.newBuilder()
                .setLanguageCode("en-US")
                .setTitle(System.getenv("MDPS_TITLE"))
                .setUpdateTime(now)
                .setExpireTime(Timestamps.add(now, Durations.fromHours(1))))
        .build();
  }

  /** Returns the messages of the causes, where grpc-java has the errors of the auth library. */
  private static String causes(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
      text.append(": ").append(cause.getMessage());
    }
    return text.toString();
  }

  private static void report(String code, String message) {
    System.out.println(new Gson().toJson(Map.of("code", code, "message", message)));
  }
}
