package interop;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares answers with the expected ones. Returns how they differ, if they do. */
final class Expectation {
  static Optional<String> compareResponse(VectorCase vector, Message response)
      throws InvalidProtocolBufferException {
    if (vector.expectsError()) {
      return Optional.of("expected code " + vector.errorCode() + ", got OK");
    }
    Message expected = vector.response();
    return response.equals(expected)
        ? Optional.empty()
        : Optional.of("expected the response " + oneLine(expected) + ", got " + oneLine(response));
  }

  static Optional<String> compareError(VectorCase vector, StatusRuntimeException error) {
    String code = error.getStatus().getCode().name();
    String message = error.getStatus().getDescription();
    if (!code.equals(vector.errorCode())) {
      return Optional.of("expected code " + vector.errorCode() + ", got " + code + ": " + message);
    }
    Details details = Details.of(error);
    if (vector.errorReason() != null && !vector.errorReason().equals(details.reason())) {
      return Optional.of(
          "expected reason " + vector.errorReason() + ", got " + details.reason() + ": " + message);
    }
    return details.violations().equals(vector.violations())
        ? Optional.empty()
        : Optional.of("expected violations " + vector.violations() + ", got " + details.violations());
  }

  private static String oneLine(Message message) throws InvalidProtocolBufferException {
    return JsonFormat.printer().omittingInsignificantWhitespace().print(message);
  }

  /** The reason, or null, and the violated fields that grpc-status-details-bin carries. */
  private record Details(String reason, List<String> violations) {
    static Details of(StatusRuntimeException error) {
      String reason = null;
      List<String> violations = new ArrayList<>();
      Status status = StatusProto.fromThrowable(error);
      try {
        for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
          if (detail.is(ErrorInfo.class)) {
            reason = detail.unpack(ErrorInfo.class).getReason();
          } else if (detail.is(BadRequest.class)) {
            detail.unpack(BadRequest.class).getFieldViolationsList().forEach(each -> violations.add(each.getField()));
          }
        }
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("a detail of the status cannot be read", e);
      }
      return new Details(reason, violations);
    }
  }

  private Expectation() {}
}
