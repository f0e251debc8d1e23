import build.buf.protovalidate.ValidatorFactory;
import com.mobiledataplansharing.v1.PlanStatus;

/** Prints the rules that a status violates. */
public class Validate {
  public static void main(String[] args) throws Exception {
    var status = PlanStatus.newBuilder().setLanguageCode("!!").build();
    var result = ValidatorFactory.newBuilder().build().validate(status);
    result.getViolations().forEach(violation -> System.out.println(violation.toProto().getRuleId()));
  }
}
