import com.google.gson.Gson;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.PlanStatusServiceApi;
import org.openapitools.client.model.ByteQuota;
import org.openapitools.client.model.ErrorDetail;
import org.openapitools.client.model.ErrorResponse;
import org.openapitools.client.model.FieldViolation;
import org.openapitools.client.model.Plan;
import org.openapitools.client.model.PlanModule;
import org.openapitools.client.model.PlanState;
import org.openapitools.client.model.PlanStatus;

/** Calls a server with the Java client that openapi-generator makes of openapi.json, and prints what its caller sees. */
public final class Main {
  static PlanStatus status() {
    OffsetDateTime now = OffsetDateTime.now();
    PlanModule module = new PlanModule().moduleName("Data").description("2 GB");
    module.byteBalance(new ByteQuota().quotaBytes("9223372036854775807"));
    Plan plan = new Plan().planId("acme-199").addPlanModulesItem(module);
    return new PlanStatus()
        .languageCode("en-US")
        .updateTime(now)
        .expireTime(now.plusDays(1))
        .addPlansItem(plan);
  }

  static PlanStatus push(String url, String token, PlanStatus pushed) throws ApiException {
    ApiClient client = new ApiClient().setBasePath(url);
    client.setAccessToken(token);
    PlanStatusServiceApi service = new PlanStatusServiceApi(client);
    return service.planStatusServiceCreateUserPlanStatus("65001", "youtube", "a/b+c==", pushed);
  }

  static Map<String, Object> failure(String url, String token, PlanStatus pushed) throws Exception {
    Map<String, Object> found = new TreeMap<>();
    try {
      push(url, token, pushed);
    } catch (ApiException thrown) {
      ErrorResponse body = ErrorResponse.fromJson(thrown.getResponseBody());
      found.put("status", body.getError().getCode());
      found.put("message", body.getError().getMessage());
      for (ErrorDetail detail : body.getError().getDetails()) {
        if (detail.getReason() != null) {
          found.put("reason", detail.getReason());
        }
        if (detail.getFieldViolations() != null) {
          for (FieldViolation violation : detail.getFieldViolations()) {
            found.put("field", violation.getField());
          }
        }
      }
    }
    return found;
  }

  public static void main(String[] args) throws Exception {
    String url = System.getenv("MDPS_ENDPOINT");
    String token = System.getenv("MDPS_TOKEN");
    PlanStatus stored = push(url, token, status());
    PlanModule module = stored.getPlans().get(0).getPlanModules().get(0);
    PlanStatus incomplete = status();
    incomplete.getPlans().get(0).getPlanModules().get(0).planModuleState(PlanState.EXPIRING_SOON);
    Map<String, Object> results = new TreeMap<>();
    results.put("accepted", List.of(stored.getName(), module.getByteBalance().getQuotaBytes()));
    results.put("refused", failure(url, token, incomplete));
    results.put("unauthenticated", failure(url, "nobody", status()));
    results.put("unknown", failure(System.getenv("MDPS_STUB"), token, status()));
    System.out.println(new Gson().toJson(results));
  }
}
