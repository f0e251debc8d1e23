package agent;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** The emulator in a container, for tests with Testcontainers: `Emulator.attach(container.url())`. */
public final class EmulatorContainer extends GenericContainer<EmulatorContainer> {
  private static final int PORT = 8080;

  /** An image that was built with deploy/docker/Dockerfile. */
  public EmulatorContainer(String image) {
    super(image);
    // Requests of the test come from the network of the container, so the control must be exposed.
    withCommand("dev", "--host", "0.0.0.0", "--set", "listen.allowCleartext=true", "--expose-control");
    withExposedPorts(PORT);
    waitingFor(Wait.forHttp("/readyz").forPort(PORT));
  }

  /** Such as http://localhost:32768. */
  public String url() {
    return "http://" + getHost() + ":" + getMappedPort(PORT);
  }
}
