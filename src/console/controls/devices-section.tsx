import { useEffect, useState } from "preact/hooks";
import type { Device } from "../../../gen/mobiledataplansharing/emulator/v1/emulator_resources_pb.ts";
import { emulator } from "../emulator/client.ts";
import { registration } from "../emulator/emulator-state.ts";
import { gone, type Problem, problemOf } from "../emulator/problem.ts";
import { defaultOperator, operatorName } from "../emulator/resource-names.ts";
import { useAction } from "../emulator/use-action.ts";
import { Chip } from "../ui/chip.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import { ProblemBox } from "../ui/problem-box.tsx";
import { Time } from "../ui/time.tsx";
import { besides, useInvalidFocus, violationOf } from "./form-errors.ts";
import { keepFocusIn, Outcome, Section } from "./section.tsx";

/** How many devices are shown at first, and the most: one page of the list. */
const pageSize = 20;
const mostShown = 1_000;

/** Enforces registration, lists, registers and unregisters devices. */
export function DevicesSection() {
  const action = useAction();
  const [operator, setOperator] = useState(defaultOperator);
  const [size, setSize] = useState(pageSize);
  const { devices, hasMore, problem } = useDevices(operatorName(operator), size);
  // What was chosen is shown at once, and what is set as soon as that is known.
  const [chosen, setChosen] = useState<boolean>();
  const { enforced = false, deviceCount = 0 } = registration.value ?? {};
  return (
    <Section
      id="devices"
      title="Registered devices"
      aside={<Chip tone={enforced ? "warn" : "neutral"}>{enforced ? "enforced" : "not enforced"}</Chip>}
    >
      <label class="check">
        <input
          type="checkbox"
          checked={chosen ?? enforced}
          onChange={async (event) => {
            const next = event.currentTarget.checked;
            setChosen(next);
            await action.run(async () => {
              await emulator.updateRegistration({ registration: { enforced: next } });
              return next ? "Registration is enforced." : "Registration is not enforced.";
            });
            setChosen(undefined);
          }}
        />
        <span>
          Enforce registration: reject pushes that would notify a user without a registered device, with
          DEVICE_NOT_REGISTERED
        </span>
      </label>
      <Register
        operator={operator}
        onOperator={(next) => {
          setOperator(next);
          setSize(pageSize);
        }}
        operatorError={violationOf(problem, "parent")}
      />
      <DeviceTable
        devices={devices}
        onDelete={async ({ name, userKey }) => {
          await action.run(async () => {
            await emulator.deleteDevice({ name }).catch(gone);
            return `Unregistered ${userKey}.`;
          });
          keepFocusIn("devices");
        }}
      />
      {hasMore && (
        <div class="row">
          {size < mostShown ? (
            <button type="button" onClick={() => setSize(Math.min(size * 5, mostShown))}>
              Show more
            </button>
          ) : (
            <span class="muted">The first {mostShown} are shown.</span>
          )}
        </div>
      )}
      <p class="muted">Of all operators: {deviceCount === 1 ? "1 device" : `${deviceCount} devices`}.</p>
      <ProblemBox problem={besides(problem, ["parent"])} title="The devices cannot be listed" />
      <ProblemBox problem={action.problem} title="The devices were not changed" />
      <Outcome text={action.outcome} />
    </Section>
  );
}

/** Lists the devices of an operator, again each time that the state of the emulator was read. */
function useDevices(parent: string, size: number) {
  const [found, setFound] = useState<{ devices: readonly Device[]; hasMore: boolean; problem?: Problem }>({
    devices: [],
    hasMore: false,
  });
  const current = registration.value;
  useEffect(() => {
    const abort = new AbortController();
    emulator.listDevices({ parent, pageSize: size }, { signal: abort.signal }).then(
      ({ devices, nextPageToken }) => setFound({ devices, hasMore: nextPageToken !== "" }),
      (cause) => {
        if (!abort.signal.aborted) {
          const problem = problemOf(cause);
          // Those of an operator that does not exist are none. Otherwise they are still registered.
          setFound((before) =>
            problem.violations.length > 0 ? { devices: [], hasMore: false, problem } : { ...before, problem },
          );
        }
      },
    );
    return () => abort.abort();
  }, [parent, size, current]);
  return found;
}

type RegisterProps = {
  operator: string;
  operatorError: string | undefined;
  onOperator: (operator: string) => void;
};

function Register({ operator, operatorError, onOperator }: RegisterProps) {
  const action = useAction();
  const [userKey, setUserKey] = useState("");
  const { form, fail } = useInvalidFocus();
  const submit = async (event: Event) => {
    event.preventDefault();
    const isRegistered = await action.run(async () => {
      await emulator.createDevice({ parent: operatorName(operator), device: { userKey } });
      return `Registered ${userKey}.`;
    });
    if (isRegistered) {
      setUserKey("");
    } else {
      fail();
    }
  };
  return (
    <form ref={form} class="stack" onSubmit={submit} noValidate>
      <div class="row with-button">
        <Field label="Operator" error={operatorError}>
          {(attributes) => (
            <input
              {...attributes}
              value={operator}
              onInput={(event) => onOperator(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label="User key" error={violationOf(action.problem, "device.userKey")}>
          {(attributes) => (
            <input
              {...attributes}
              placeholder="CPID or MSISDN"
              value={userKey}
              onInput={(event) => {
                setUserKey(event.currentTarget.value);
                action.forget();
              }}
            />
          )}
        </Field>
        <button type="submit">Register</button>
      </div>
      <ProblemBox
        problem={besides(action.problem, ["device.userKey", "parent"])}
        title="The device was not registered"
      />
      <Outcome text={action.outcome} />
    </form>
  );
}

function DeviceTable({
  devices,
  onDelete,
}: {
  devices: readonly Device[];
  onDelete: (device: Device) => void;
}) {
  if (devices.length === 0) {
    return <EmptyState title="No device of this operator is registered" />;
  }
  return (
    <div class="table-box">
      <table class="table stacked">
        <thead>
          <tr>
            <th>User key</th>
            <th>Registered</th>
            <th>
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {devices.map((device) => (
            <tr key={device.name}>
              <td data-label="User key" class="key">
                {device.userKey}
              </td>
              <td data-label="Registered">
                <Time value={device.registerTime} />
              </td>
              <td class="actions">
                <button
                  type="button"
                  aria-label={`Unregister ${device.userKey}`}
                  onClick={() => onDelete(device)}
                >
                  Unregister
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
