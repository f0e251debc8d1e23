import org.apache.cassandra.utils.Clock;

/** The clock of a node that is wrong: so many ms ahead as -Dskew says. */
public class SkewedClock implements Clock {
  private final long skew = Long.getLong("skew");

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long currentTimeMillis() {
    return System.currentTimeMillis() + skew;
  }
}
