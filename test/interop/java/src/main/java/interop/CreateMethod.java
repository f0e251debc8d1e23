package interop;

import com.google.protobuf.Message;
import com.mobiledataplansharing.v1.CreatePlanGroupRequest;
import com.mobiledataplansharing.v1.CreatePlanStatusRequest;
import com.mobiledataplansharing.v1.CreateUserPlanStatusRequest;
import com.mobiledataplansharing.v1.PlanGroup;
import com.mobiledataplansharing.v1.PlanGroupServiceGrpc;
import com.mobiledataplansharing.v1.PlanStatus;
import com.mobiledataplansharing.v1.PlanStatusServiceGrpc;
import io.grpc.Channel;
import io.grpc.stub.AbstractStub;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/** One of the three creates: its messages, and the call of its stub. */
record CreateMethod(Message request, Message response, BiFunction<Channel, Message, Message> send) {
  /** Limit for a hanging server; the service config has the shorter timeouts for clients. */
  private static final int DEADLINE_SECONDS = 60;

  private static final Map<String, CreateMethod> ALL =
      Map.of(
          PlanStatusServiceGrpc.getCreateUserPlanStatusMethod().getFullMethodName(),
          new CreateMethod(
              CreateUserPlanStatusRequest.getDefaultInstance(),
              PlanStatus.getDefaultInstance(),
              (channel, request) ->
                  withDeadline(PlanStatusServiceGrpc.newBlockingStub(channel))
                      .createUserPlanStatus((CreateUserPlanStatusRequest) request)),
          PlanStatusServiceGrpc.getCreatePlanStatusMethod().getFullMethodName(),
          new CreateMethod(
              CreatePlanStatusRequest.getDefaultInstance(),
              PlanStatus.getDefaultInstance(),
              (channel, request) ->
                  withDeadline(PlanStatusServiceGrpc.newBlockingStub(channel))
                      .createPlanStatus((CreatePlanStatusRequest) request)),
          PlanGroupServiceGrpc.getCreatePlanGroupMethod().getFullMethodName(),
          new CreateMethod(
              CreatePlanGroupRequest.getDefaultInstance(),
              PlanGroup.getDefaultInstance(),
              (channel, request) ->
                  withDeadline(PlanGroupServiceGrpc.newBlockingStub(channel))
                      .createPlanGroup((CreatePlanGroupRequest) request)));

  /** Returns a method by name. Throws IllegalArgumentException if it is not one of the three. */
  static CreateMethod of(String service, String method) {
    CreateMethod found = ALL.get(service + "/" + method);
    if (found == null) {
      throw new IllegalArgumentException(service + "/" + method + " is not one of " + ALL.keySet());
    }
    return found;
  }

  Message call(Channel channel, Message message) {
    return send.apply(channel, message);
  }

  private static <S extends AbstractStub<S>> S withDeadline(S stub) {
    return stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }
}
