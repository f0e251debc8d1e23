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

/** One of the three creates: its messages, and the stub's method that calls it. */
record CreateMethod(Message request, Message response, BiFunction<Channel, Message, Message> send) {
  /** Against a server that hangs; the service config has the shorter times that clients should use. */
  private static final int DEADLINE_SECONDS = 60;

  private static final Map<String, CreateMethod> ALL =
      Map.of(
          PlanStatusServiceGrpc.getCreateUserPlanStatusMethod().getFullMethodName(),
          new CreateMethod(
              CreateUserPlanStatusRequest.getDefaultInstance(),
              PlanStatus.getDefaultInstance(),
              (channel, request) ->
                  limited(PlanStatusServiceGrpc.newBlockingStub(channel))
                      .createUserPlanStatus((CreateUserPlanStatusRequest) request)),
          PlanStatusServiceGrpc.getCreatePlanStatusMethod().getFullMethodName(),
          new CreateMethod(
              CreatePlanStatusRequest.getDefaultInstance(),
              PlanStatus.getDefaultInstance(),
              (channel, request) ->
                  limited(PlanStatusServiceGrpc.newBlockingStub(channel))
                      .createPlanStatus((CreatePlanStatusRequest) request)),
          PlanGroupServiceGrpc.getCreatePlanGroupMethod().getFullMethodName(),
          new CreateMethod(
              CreatePlanGroupRequest.getDefaultInstance(),
              PlanGroup.getDefaultInstance(),
              (channel, request) ->
                  limited(PlanGroupServiceGrpc.newBlockingStub(channel))
                      .createPlanGroup((CreatePlanGroupRequest) request)));

  /** Returns the method of that name. Throws IllegalArgumentException if it is none of the three. */
  static CreateMethod of(String service, String method) {
    CreateMethod found = ALL.get(service + "/" + method);
    if (found == null) {
      throw new IllegalArgumentException(service + "/" + method + " is none of the creates: " + ALL.keySet());
    }
    return found;
  }

  Message call(Channel channel, Message message) {
    return send.apply(channel, message);
  }

  private static <S extends AbstractStub<S>> S limited(S stub) {
    return stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
  }
}
