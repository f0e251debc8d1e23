import { useEffect, useState } from "preact/hooks";
import { resourceName } from "../../contract/resource-names.ts";
import { emulator } from "../emulator/client.ts";
import { registration } from "../emulator/emulator-state.ts";
import { useAction } from "../emulator/use-action.ts";
import { ProblemBox } from "../ui/problem-box.tsx";
import { hrefOf } from "../ui/route.ts";
import { operatorOf } from "./subscriber-address.ts";

/** Whether a device has registered the key, if that matters. */
export function DeviceBox({ asn, userKey }: { asn: string; userKey: string }) {
  const { enforced = false, deviceCount = 0 } = registration.value ?? {};
  return (
    <section aria-labelledby="device">
      <h2 id="device">Device</h2>
      {enforced ? (
        <RegisteredDevice asn={asn} userKey={userKey} deviceCount={deviceCount} />
      ) : (
        <p class="muted">
          <a href={hrefOf("controls")}>Registration</a> is not enforced: every push may notify.
        </p>
      )}
    </section>
  );
}

/** Says whether a device has registered the key, and changes it. Looks again when the number of devices changes. */
function RegisteredDevice({
  asn,
  userKey,
  deviceCount,
}: {
  asn: string;
  userKey: string;
  deviceCount: number;
}) {
  const [isRegistered, setRegistered] = useState<boolean>();
  const action = useAction();
  useEffect(() => {
    let isCurrent = true;
    isDeviceRegistered(asn, userKey).then(
      (found) => isCurrent && setRegistered(found),
      () => {
        // The status bar says that the emulator does not answer.
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [asn, userKey, deviceCount]);
  const change = () =>
    action.run(async () => {
      if (isRegistered) {
        await emulator.deleteDevice({ name: resourceName(Number(asn), "devices", userKey) });
      } else {
        await emulator.createDevice({ parent: operatorOf(asn), device: { userKey } });
      }
      setRegistered(!isRegistered);
      return "changed";
    });
  return (
    <>
      <p role="status">{registrationText(isRegistered)}</p>
      {isRegistered !== undefined && (
        <button type="button" onClick={change}>
          {isRegistered ? "Unregister device" : "Register device"}
        </button>
      )}
      <ProblemBox problem={action.problem} title="The device was not changed" />
    </>
  );
}

function registrationText(isRegistered: boolean | undefined): string {
  switch (isRegistered) {
    case undefined:
      return "Looking for the device…";
    case true:
      return "A device has registered this key: pushes may notify.";
    case false:
      return "No device has registered this key: pushes that would notify are rejected.";
  }
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
