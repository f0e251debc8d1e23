import { useEffect, useState } from "preact/hooks";
import { resourceName } from "../../contract/resource-names.ts";
import { emulator } from "../emulator/client.ts";
import { refreshState, registration } from "../emulator/emulator-state.ts";
import { type Problem, problemOf } from "../emulator/problem.ts";
import { ProblemBox } from "../ui/problem-box.tsx";
import { hrefOf } from "../ui/route.ts";
import { operatorOf } from "./subscriber-address.ts";

/** Whether a device has registered the key, if that matters. */
export function DeviceBox({ asn, userKey }: { asn: string; userKey: string }) {
  const [isRegistered, setRegistered] = useState<boolean>();
  const [problem, setProblem] = useState<Problem>();
  const { enforced = false, deviceCount = 0 } = registration.value ?? {};
  const attempt = async (action: () => Promise<unknown>) => {
    try {
      await action();
      setProblem(undefined);
    } catch (cause) {
      setProblem(problemOf(cause));
    }
  };
  const look = () => attempt(async () => setRegistered(await isDeviceRegistered(asn, userKey)));
  useEffect(() => {
    if (enforced) {
      void look();
    }
  }, [asn, userKey, enforced, deviceCount]);
  if (!enforced) {
    return (
      <section aria-labelledby="device">
        <h2 id="device">Device</h2>
        <p class="muted">
          Pushes may notify without a registered device, because <a href={hrefOf("controls")}>registration</a>{" "}
          is not enforced.
        </p>
      </section>
    );
  }
  const change = async () => {
    await attempt(() =>
      isRegistered
        ? emulator.deleteDevice({ name: resourceName(Number(asn), "devices", userKey) })
        : emulator.createDevice({ parent: operatorOf(asn), device: { userKey } }),
    );
    await Promise.all([look(), refreshState()]);
  };
  return (
    <section aria-labelledby="device">
      <h2 id="device">Device</h2>
      <p role="status">
        {isRegistered === undefined
          ? "Looking for the device…"
          : isRegistered
            ? "A device has registered this key: pushes may notify."
            : "No device has registered this key: pushes that would notify are rejected."}
      </p>
      {isRegistered !== undefined && (
        <button type="button" onClick={change}>
          {isRegistered ? "Unregister device" : "Register device"}
        </button>
      )}
      <ProblemBox problem={problem} />
    </section>
  );
}

/** Looks through the devices of an operator: at most 100,000, and usually few. */
async function isDeviceRegistered(asn: string, userKey: string): Promise<boolean> {
  let pageToken = "";
  do {
    const page = await emulator.listDevices({ parent: operatorOf(asn), pageSize: 1_000, pageToken });
    if (page.devices.some((device) => device.userKey === userKey)) {
      return true;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return false;
}
